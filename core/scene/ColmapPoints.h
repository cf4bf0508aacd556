// SPDX-License-Identifier: GPL-3.0-or-later
// COLMAP's points3D.bin and points3D.txt. Layout: colmap.github.io/format.html.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/Cancel.h"
#include "core/scene/Points.h"

namespace ochre {

/// The binary file has nothing to be known by but that its records fill it exactly. Throws Error: NotMine, or
/// Broken where `subject` ends in "points3D.bin".
PointCloud readColmapPointsBin(std::span<const std::byte> bytes, const std::string& subject,
                               const Cancel& cancel = {});

/// Known by COLMAP's first comment, or by its name. Throws Error, naming the line.
PointCloud readColmapPointsText(std::span<const std::byte> bytes, const std::string& subject,
                                const Cancel& cancel = {});

} // namespace ochre
