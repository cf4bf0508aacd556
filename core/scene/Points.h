// SPDX-License-Identifier: GPL-3.0-or-later
// Point clouds as splats: round ones as large as their neighbours are far. What a scene looks like before it
// is trained.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/PlyFile.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

struct PointCloud {
    std::vector<float> positions; ///< [N,3]
    std::vector<float> colors;    ///< [N,3] display sRGB, 0…1
};

/// A splat a point: the mean distance to the 3 nearest other places as its size on every axis, opacity 0.8, no
/// harmonics. Points with NaN or infinity are left out and counted.
SplatCloud splatsFromPoints(const PointCloud& points, const std::string& name, const Cancel& cancel = {},
                            const Progress& progress = {});

/// A .ply of points or of a mesh, whose vertices are taken: x, y, z and, where they are, red, green, blue
/// (bytes, 16 bits, or floats of 0…1); grey otherwise. Throws Error: NotMine without such columns.
SplatCloud readPointPly(const PlyFile& file, const Cancel& cancel = {}, const Progress& progress = {});

} // namespace ochre
