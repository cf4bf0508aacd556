// SPDX-License-Identifier: GPL-3.0-or-later
// Radiance fields as parts of a scene: where they stand, where they are seen from.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/scene/Camera.h"
#include "core/scene/field/HashField.h"

namespace ochre {

struct PlacedField {
    std::shared_ptr<const HashField> field;
    std::array<double, 16> toWorld = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}; ///< turns, scales and moves; row-major
};

/// The field turned so that its up is that of scenes, −y.
PlacedField upright(std::shared_ptr<const HashField> field);

/// A scene of nothing else.
SplatCloud sceneOf(PlacedField field, std::string name);

/// From where the pictures of a forward-facing scene were taken; none where no splats and no such field are the scene. The second:
/// how far away its middle is.
std::optional<std::pair<Camera, double>> ownView(const SplatCloud& scene, int width, int height);

std::array<double, 16> multiplied(const std::array<double, 16>& a, const std::array<double, 16>& b);
/// Of a matrix that turns, scales and moves.
std::array<double, 16> inverseSimilarity(const std::array<double, 16>& m);
Vec3 transformed(const std::array<double, 16>& m, const Vec3& place);

} // namespace ochre
