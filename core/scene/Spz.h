// SPDX-License-Identifier: GPL-3.0-or-later
// Niantic's .spz: quantised splats, gzip'd as one (versions 1 to 3) or as zstd streams (version 4). Layout:
// github.com/nianticlabs/spz.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// The format's axes are x right, y up, z back. Many programs stored those of the .ply unchanged: their files
/// stand on their heads unless read as AsPly.
enum class SpzFrame { Standard, AsPly };

/// Harmonics of degree 4 are read as degree 3, with a warning. Throws Error: NotMine when it does not begin
/// as an .spz.
SplatCloud readSpz(std::span<const std::byte> bytes, const std::string& subject,
                   SpzFrame frame = SpzFrame::Standard, const Cancel& cancel = {},
                   const Progress& progress = {});

/// Version 3 or 4; atomic. Positions are kept to 1/4096 (coarser for scenes wider than ±2048), log-scales to
/// 1/32 within −10…5.94, opacities and colours to half a step of 255, rotations to 0.001, harmonics within
/// −1…1 to 1/32 (degree 1) and 1/16. Throws Error.
void writeSpz(const SplatCloud& cloud, const std::filesystem::path& path, int version = 3,
              const Cancel& cancel = {});

} // namespace ochre
