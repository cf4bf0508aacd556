// SPDX-License-Identifier: GPL-3.0-or-later
// PlayCanvas' .sog: quantised splats in lossless WebP textures, a zip or a folder with meta.json. Layout:
// developer.playcanvas.com, "The SOG format", versions 1 and 2.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// Gives the bytes of a texture that meta.json names, or throws.
using SogFiles = std::function<std::vector<std::byte>(const std::string& name)>;

/// `meta` is a parsed meta.json. Throws Error: NotMine when it describes no splats.
SplatCloud readSog(const Json& meta, const SogFiles& files, const std::string& subject,
                   const Cancel& cancel = {}, const Progress& progress = {});

/// A zip archive with meta.json. Throws Error: NotMine when it is none or has none.
SplatCloud readSogZip(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel = {},
                      const Progress& progress = {});

/// Files beside `meta`: names that lead out of its folder are refused.
SogFiles sogFolder(const std::filesystem::path& meta);

/// Version 2, zipped, or as files in a folder where `path` is a meta.json; in Morton order, the same cloud gives
/// the same bytes. Positions are kept to 1/131070 of their range in sign·ln(1+|x|), rotations to 0.003, opacities
/// to 1/510, log-scales and colours to the nearest of 256 values chosen for the scene, harmonics to the nearest of
/// up to 65536 sets. Each file is atomic, meta.json the last. Throws Error.
void writeSog(const SplatCloud& cloud, const std::filesystem::path& path, const Cancel& cancel = {},
              const Progress& progress = {});

} // namespace ochre
