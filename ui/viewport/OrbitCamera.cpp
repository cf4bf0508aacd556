// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/OrbitCamera.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ochre::ui {
namespace {
constexpr double kDegrees = std::numbers::pi / 180;
constexpr double kBehind =
    100; ///< radii of the scene that an orthographic eye stands back, so that nothing is behind it
} // namespace

void OrbitCamera::frame(const Focus& focus) {
    m_center = focus.center;
    m_sceneRadius = std::max(focus.radius, 1e-6);
    m_distance = m_sceneRadius * 1.15 / std::sin(m_fov / 2 * kDegrees);
}

void OrbitCamera::restore(const State& state) {
    m_center = state.pivot;
    m_distance = std::max(state.distance, 1e-9);
    m_yaw = state.yaw;
    m_pitch = state.pitch;
    clampPitch();
    setFov(state.fov);
    m_orthographic = state.orthographic;
    m_limits = state.limits;
}

void OrbitCamera::clampPitch() {
    m_pitch = std::clamp(m_pitch, -90.0, 90.0);
    m_yaw = std::remainder(m_yaw, 360.0);
}

void OrbitCamera::orbit(double yaw, double pitch) {
    m_yaw += yaw;
    m_pitch += pitch;
    clampPitch();
}

/// Right, down and forward at yaw ψ and pitch θ; exact at ±90°, where a camera that is told its target and
/// what is down is not.
std::array<Vec3, 3> OrbitCamera::axes() const {
    const double sy = std::sin(m_yaw * kDegrees), cy = std::cos(m_yaw * kDegrees),
                 sp = std::sin(m_pitch * kDegrees), cp = std::cos(m_pitch * kDegrees);
    return {Vec3{cy, 0, sy}, Vec3{sp * sy, cp, -sp * cy}, Vec3{-sy * cp, sp, cy * cp}};
}

Vec3 OrbitCamera::eye() const {
    const Vec3 forward = axes()[2];
    return {m_center[0] - m_distance * forward[0], m_center[1] - m_distance * forward[1],
            m_center[2] - m_distance * forward[2]};
}

void OrbitCamera::look(double yaw, double pitch) {
    const Vec3 before = eye();
    orbit(yaw, pitch);
    const Vec3 after = eye();
    for (std::size_t i = 0; i < 3; ++i) m_center[i] += before[i] - after[i];
}

void OrbitCamera::pan(double right, double down, double viewHeight) {
    const double unit = 2 * m_distance * std::tan(m_fov / 2 * kDegrees) / std::max(1.0, viewHeight);
    fly(-right * unit, -down * unit, 0);
}

void OrbitCamera::dolly(double factor) {
    m_distance = std::clamp(m_distance * factor, m_sceneRadius * 1e-3, m_sceneRadius * 1e3);
}

void OrbitCamera::fly(double right, double down, double forward) {
    const auto a = axes();
    for (std::size_t i = 0; i < 3; ++i) m_center[i] += a[0][i] * right + a[1][i] * down + a[2][i] * forward;
}

void OrbitCamera::face(Camera::Side side) {
    using Side = Camera::Side;
    m_pitch = side == Side::Top ? 90 : side == Side::Bottom ? -90 : 0;
    m_yaw = side == Side::Back ? 180 : side == Side::Right ? 90 : side == Side::Left ? -90 : 0;
}

void OrbitCamera::approach(const Vec3& point, double nearest) {
    const Vec3 from = eye();
    double square = 0;
    for (std::size_t i = 0; i < 3; ++i) square += (point[i] - from[i]) * (point[i] - from[i]);
    const double away = m_orthographic ? m_distance : std::sqrt(square);
    m_center = point;
    m_distance = std::max(away / 2, std::min(nearest, away));
}

void OrbitCamera::adopt(const Camera& camera, double distance) {
    const auto& m = camera.worldToCamera;
    const bool upright = std::abs(m[9]) > 0.9999; // looks straight down or up: what is right says the turn
    m_pitch = std::asin(std::clamp(m[9], -1.0, 1.0)) / kDegrees;
    m_yaw = (upright ? std::atan2(m[2], m[0]) : std::atan2(-m[8], m[10])) / kDegrees;
    if (distance > 0) m_distance = distance;
    m_orthographic = false;
    setFov(2 * std::atan(camera.height / 2.0 / camera.fy) / kDegrees);
    m_center = camera.position();
    fly(0, 0, m_distance);
}

void OrbitCamera::enter(const Similarity& frame) {
    const Similarity back = frame.inverse();
    const Mat3 turn = matrixOf(back.rotation);
    const auto turned = [&turn](const Vec3& v) {
        Vec3 to;
        for (std::size_t k = 0; k < 3; ++k) to[k] = turn[3 * k] * v[0] + turn[3 * k + 1] * v[1] + turn[3 * k + 2] * v[2];
        return to;
    };
    const auto a = axes();
    const Vec3 right = turned(a[0]), forward = turned(a[2]), center = turned(m_center);
    for (std::size_t k = 0; k < 3; ++k) m_center[k] = back.scale * center[k] + back.translation[k];
    m_pitch = std::asin(std::clamp(forward[1], -1.0, 1.0)) / kDegrees;
    m_yaw = (std::abs(forward[1]) > 0.9999 ? std::atan2(right[2], right[0]) : std::atan2(-forward[0], forward[2])) / kDegrees;
    m_distance *= back.scale;
    m_sceneRadius *= back.scale;
    if (m_limits) m_limits = {(*m_limits)[0] * back.scale, (*m_limits)[1] * back.scale};
}

void OrbitCamera::setFov(double degrees) {
    m_fov = std::clamp(degrees, 5.0, 150.0);
}

Camera OrbitCamera::camera(int width, int height) const {
    Camera c;
    c.width = width;
    c.height = height;
    c.fx = c.fy = height / 2.0 / std::tan(m_fov / 2 * kDegrees);
    c.cx = width / 2.0;
    c.cy = height / 2.0;
    const auto rows = axes();
    const Vec3 from = eye();
    for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t k = 0; k < 3; ++k) c.worldToCamera[4 * r + k] = rows[r][k];
        c.worldToCamera[4 * r + 3] = -(rows[r][0] * from[0] + rows[r][1] * from[1] + rows[r][2] * from[2]);
    }
    c.near = std::min(0.2, m_sceneRadius * 0.01);
    if (m_limits) {
        c.near = std::max((*m_limits)[0], 1e-6);
        c.far = std::max((*m_limits)[1], c.near * (1 + 1e-6));
    }
    if (!m_orthographic) return c;
    c = c.orthographicAt(m_distance);
    const double back = m_limits ? 0 : kBehind * m_sceneRadius;
    c.worldToCamera[11] += back;
    return c;
}

Vec3 unprojected(const Camera& camera, double x, double y, double z) {
    const double depth = camera.orthographic ? 1 : z;
    const Vec3 p{(x - camera.cx) / camera.fx * depth, (y - camera.cy) / camera.fy * depth, z};
    const auto& m = camera.worldToCamera;
    const Vec3 d{p[0] - m[3], p[1] - m[7], p[2] - m[11]};
    return {m[0] * d[0] + m[4] * d[1] + m[8] * d[2], m[1] * d[0] + m[5] * d[1] + m[9] * d[2],
            m[2] * d[0] + m[6] * d[1] + m[10] * d[2]};
}

std::optional<std::array<double, 2>> projected(const Camera& camera, const Vec3& world) {
    const Vec3 p = camera.toCamera(world);
    if (!(p[2] >= camera.near)) return std::nullopt;
    const double depth = camera.orthographic ? 1 : p[2];
    return std::array{camera.fx * p[0] / depth + camera.cx, camera.fy * p[1] / depth + camera.cy};
}

} // namespace ochre::ui
