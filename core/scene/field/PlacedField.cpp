// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/PlacedField.h"

#include <cmath>
#include <numbers>

#include "core/scene/Directions.h"

namespace ochre {

PlacedField upright(std::shared_ptr<const HashField> field) {
    PlacedField placed{std::move(field)};
    const Vec3 up = unit(placed.field->config.up), wanted{0, -1, 0};
    // The shortest turn; of opposite directions the one about x.
    Vec3 axis = cross(up, wanted);
    const double cosine = dot(up, wanted), sine = std::sqrt(dot(axis, axis));
    axis = sine > 1e-9 ? unit(axis) : Vec3{1, 0, 0};
    const Vec3 skew[3] = {{0, -axis[2], axis[1]}, {axis[2], 0, -axis[0]}, {-axis[1], axis[0], 0}};
    for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t c = 0; c < 3; ++c)
            placed.toWorld[4 * r + c] = (r == c ? cosine : 0) + (1 - cosine) * axis[r] * axis[c] + sine * skew[r][c];
    return placed;
}

SplatCloud sceneOf(PlacedField field, std::string name) {
    return SplatCloud({}, std::move(name)).withFields({std::move(field)});
}

std::optional<std::pair<Camera, double>> ownView(const SplatCloud& scene, int width, int height) {
    if (scene.count() > 0 || scene.fields().size() != 1) return std::nullopt;
    const PlacedField& placed = scene.fields().front();
    if (!placed.field->config.forwardFacing()) return std::nullopt;
    const double fov = 360 / std::numbers::pi * std::atan(placed.field->config.deviceScale[1]);
    const Focus focus = scene.focus();
    const Vec3 eye = transformed(placed.toWorld, {0, 0, 0}), over = transformed(placed.toWorld, {0, -1, 0});
    double square = 0;
    for (std::size_t k = 0; k < 3; ++k) square += (focus.center[k] - eye[k]) * (focus.center[k] - eye[k]);
    return std::pair{Camera::lookAt(eye, focus.center, {over[0] - eye[0], over[1] - eye[1], over[2] - eye[2]}, fov, width, height),
                     std::sqrt(square)};
}

std::array<double, 16> multiplied(const std::array<double, 16>& a, const std::array<double, 16>& b) {
    std::array<double, 16> m{};
    for (std::size_t r = 0; r < 4; ++r)
        for (std::size_t c = 0; c < 4; ++c)
            for (std::size_t k = 0; k < 4; ++k) m[4 * r + c] += a[4 * r + k] * b[4 * k + c];
    return m;
}

std::array<double, 16> inverseSimilarity(const std::array<double, 16>& m) {
    const double square = m[0] * m[0] + m[4] * m[4] + m[8] * m[8];
    std::array<double, 16> inverse{};
    for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t c = 0; c < 3; ++c) {
            inverse[4 * r + c] = m[4 * c + r] / square;
            inverse[4 * r + 3] -= m[4 * c + r] / square * m[4 * c + 3];
        }
    inverse[15] = 1;
    return inverse;
}

Vec3 transformed(const std::array<double, 16>& m, const Vec3& p) {
    return {m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3], m[4] * p[0] + m[5] * p[1] + m[6] * p[2] + m[7],
            m[8] * p[0] + m[9] * p[1] + m[10] * p[2] + m[11]};
}

} // namespace ochre
