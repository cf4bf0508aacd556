// SPDX-License-Identifier: GPL-3.0-or-later
// Where the scene is looked at from: a pivot, a distance and two angles, moved by the mouse and the keys.
#pragma once

#include <optional>

#include "core/scene/Camera.h"
#include "core/scene/SplatCloud.h"

namespace ochre::ui {

/// World axes of 3DGS files: x right, y down, z forward. Angles in degrees.
class OrbitCamera {
public:
    void frame(const Focus& focus); ///< all of it in view, from where it is looked at now
    void orbit(double yaw, double pitch);
    void look(double yaw, double pitch);                    ///< turns the head: the eye stays
    void pan(double right, double down, double viewHeight); ///< by pixels of a view of this height
    void dolly(double factor);                              ///< the distance times `factor`
    void fly(double right, double down, double forward);    ///< world units along the view's own axes
    void setPivot(const Vec3& point);                       ///< looks at it; the eye stays

    Camera camera(int width, int height) const;
    const Vec3& pivot() const { return m_center; }
    double distance() const { return m_distance; }
    double yaw() const { return m_yaw; }
    double pitch() const { return m_pitch; }
    double sceneRadius() const { return m_sceneRadius; }

    static constexpr double kFov = 45;

private:
    Vec3 eye() const;
    std::array<Vec3, 3> axes() const; ///< right, down, forward
    void clampPitch();

    Vec3 m_center{};
    double m_distance = 4, m_yaw = 0, m_pitch = 0, m_sceneRadius = 1;
};

/// The splat that a click at (x, y) of the camera's picture means: the nearest opaque centre close to the
/// ray.
std::optional<Vec3> pickSplat(const SplatCloud& cloud, const Camera& camera, double x, double y);

} // namespace ochre::ui
