// SPDX-License-Identifier: GPL-3.0-or-later
// Splat scenes from any file that Ochre reads: the readers are tried in order, each knows its own by content.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/Ply.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// Throws Error that starts with the file's name: unknown format (with the formats known), or damaged.
SplatCloud readSplats(const std::filesystem::path& path, const Cancel& cancel = {},
                      const Progress& progress = {});
SplatCloud decodeSplats(std::span<const std::byte> bytes, const std::string& subject,
                        const Cancel& cancel = {}, const Progress& progress = {});

/// By extension, for drag and drop and file dialogs: ".ply".
bool isSceneFile(const std::filesystem::path& path);

} // namespace ochre
