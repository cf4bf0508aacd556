// SPDX-License-Identifier: GPL-3.0-or-later
// PlayCanvas' .compressed.ply: 16 bytes a splat, quantised within chunks of 256. Layout: playcanvas/engine,
// gsplat-compressed-data.
#pragma once

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/PlyFile.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// Throws Error: NotMine when the file has no chunks, Broken when counts or properties do not fit together.
SplatCloud readCompressedPly(const PlyFile& file, const Cancel& cancel = {}, const Progress& progress = {});

} // namespace ochre
