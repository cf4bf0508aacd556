// SPDX-License-Identifier: GPL-3.0-or-later
// PlayCanvas' .compressed.ply: 16 bytes a splat, quantised within chunks of 256. Layout: playcanvas/engine,
// gsplat-compressed-data.
#pragma once

#include <filesystem>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/PlyFile.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// Throws Error: NotMine when the file has no chunks, Broken when counts or properties do not fit together.
SplatCloud readCompressedPly(const PlyFile& file, const Cancel& cancel = {}, const Progress& progress = {});

/// The splats in Morton order, 256 a chunk, with colour ranges. Positions, log-scales (within ±20) and
/// colours to half a step of their chunk's range (2047, 1023 and 2047 steps; 255 for colours), rotations to
/// 0.0007, opacities to 1/510, harmonics within ±4 to 1/64. Atomic. Throws Error.
void writeCompressedPly(const SplatCloud& cloud, const std::filesystem::path& path,
                        const Cancel& cancel = {});

} // namespace ochre
