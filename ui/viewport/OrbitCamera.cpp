// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/OrbitCamera.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace ochre::ui {
namespace {
constexpr double kDegrees = std::numbers::pi / 180;
}

void OrbitCamera::frame(const Focus& focus) {
    m_center = focus.center;
    m_sceneRadius = std::max(focus.radius, 1e-6);
    m_distance = m_sceneRadius * 1.15 / std::sin(kFov / 2 * kDegrees);
}

void OrbitCamera::clampPitch() {
    m_pitch = std::clamp(m_pitch, -89.0, 89.0);
    m_yaw = std::remainder(m_yaw, 360.0);
}

void OrbitCamera::orbit(double yaw, double pitch) {
    m_yaw += yaw;
    m_pitch += pitch;
    clampPitch();
}

Vec3 OrbitCamera::eye() const {
    return camera(64, 64).position();
}

std::array<Vec3, 3> OrbitCamera::axes() const {
    const auto m = camera(64, 64).worldToCamera;
    return {Vec3{m[0], m[1], m[2]}, Vec3{m[4], m[5], m[6]}, Vec3{m[8], m[9], m[10]}};
}

void OrbitCamera::look(double yaw, double pitch) {
    const Vec3 before = eye();
    orbit(yaw, pitch);
    const Vec3 after = eye();
    for (std::size_t i = 0; i < 3; ++i) m_center[i] += before[i] - after[i];
}

void OrbitCamera::pan(double right, double down, double viewHeight) {
    const double unit = 2 * m_distance * std::tan(kFov / 2 * kDegrees) / std::max(1.0, viewHeight);
    fly(-right * unit, -down * unit, 0);
}

void OrbitCamera::dolly(double factor) {
    m_distance = std::clamp(m_distance * factor, m_sceneRadius * 1e-3, m_sceneRadius * 1e3);
}

void OrbitCamera::fly(double right, double down, double forward) {
    const auto a = axes();
    for (std::size_t i = 0; i < 3; ++i) m_center[i] += a[0][i] * right + a[1][i] * down + a[2][i] * forward;
}

// Camera::orbit puts the eye at center + distance·(sin yaw·cos pitch, −sin pitch, −cos yaw·cos pitch).
void OrbitCamera::setPivot(const Vec3& point) {
    const Vec3 from = eye();
    const Vec3 d{from[0] - point[0], from[1] - point[1], from[2] - point[2]};
    const double length = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    if (!(length > 1e-9)) return;
    m_center = point;
    m_distance = length;
    m_pitch = std::asin(std::clamp(-d[1] / length, -1.0, 1.0)) / kDegrees;
    m_yaw = std::atan2(d[0], -d[2]) / kDegrees;
    clampPitch();
}

Camera OrbitCamera::camera(int width, int height) const {
    Camera c = Camera::orbit(m_center, m_distance, m_yaw, m_pitch, kFov, width, height);
    c.near = std::min(0.2, m_sceneRadius * 0.01);
    return c;
}

std::optional<Vec3> pickSplat(const SplatCloud& cloud, const Camera& camera, double x, double y) {
    const SplatData& data = cloud.data();
    constexpr double kReach = 6; // pixels
    double best = std::numeric_limits<double>::infinity();
    std::optional<Vec3> found;
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        if (data.opacities[i] < 0) continue; // less than half opaque
        const Vec3 world{data.positions[3 * i], data.positions[3 * i + 1], data.positions[3 * i + 2]};
        const Vec3 p = camera.toCamera(world);
        if (p[2] <= camera.near || p[2] >= best) continue;
        const double dx = camera.fx * p[0] / p[2] + camera.cx - x,
                     dy = camera.fy * p[1] / p[2] + camera.cy - y;
        if (dx * dx + dy * dy > kReach * kReach) continue;
        best = p[2];
        found = world;
    }
    return found;
}

} // namespace ochre::ui
