// SPDX-License-Identifier: GPL-3.0-or-later
// Where the scene is looked at from: a pivot, a distance and two angles, moved by the mouse and the keys.
#pragma once

#include <array>
#include <optional>

#include "core/scene/Camera.h"
#include "core/scene/SplatCloud.h"
#include "core/scene/SplatTransform.h"

namespace ochre::ui {

/// World axes of 3DGS files: x right, y down, z forward. Angles in degrees.
class OrbitCamera {
public:
    /// All that is kept of it.
    struct State {
        Vec3 pivot{};
        double distance = 4, yaw = 0, pitch = 0, fov = 45;
        bool orthographic = false;
        std::optional<std::array<double, 2>> limits = {};
    };
    State state() const { return {m_center, m_distance, m_yaw, m_pitch, m_fov, m_orthographic, m_limits}; }
    void restore(const State& state); ///< within what is possible

    void frame(const Focus& focus); ///< all of it in view, from where it is looked at now
    void orbit(double yaw, double pitch);
    void look(double yaw, double pitch);                    ///< turns the head: the eye stays
    void pan(double right, double down, double viewHeight); ///< by pixels of a view of this height
    void dolly(double factor);                              ///< the distance times `factor`
    void fly(double right, double down, double forward);    ///< world units along the view's own axes
    void face(Camera::Side side);                           ///< the pivot, from a side of the world
    /// The point comes to the middle and to a half of its distance, or to `nearest` if that is more; the
    /// direction stays.
    void approach(const Vec3& point, double nearest);

    /// Stands where the camera stands and looks where it looks, upright; the pivot lies at `distance`, or where it was as far.
    void adopt(const Camera& camera, double distance);

    /// The world is told in another frame from now on, which stands in the present one as `frame` says; upright in the new one.
    void enter(const Similarity& frame);

    void setFov(double degrees); ///< from the lower to the upper edge, 5…150
    void setOrthographic(bool on) { m_orthographic = on; }
    /// What is nearer or further than these is not drawn; without them, nothing that lies before the camera.
    void setLimits(std::optional<std::array<double, 2>> limits) { m_limits = limits; }

    Camera camera(int width, int height) const;
    const Vec3& pivot() const { return m_center; }
    double distance() const { return m_distance; }
    double yaw() const { return m_yaw; }
    double pitch() const { return m_pitch; }
    double fov() const { return m_fov; }
    bool orthographic() const { return m_orthographic; }
    const std::optional<std::array<double, 2>>& limits() const { return m_limits; }
    double sceneRadius() const { return m_sceneRadius; }

    static constexpr double kFov = 45;

private:
    Vec3 eye() const;
    std::array<Vec3, 3> axes() const; ///< right, down, forward
    void clampPitch();

    Vec3 m_center{};
    double m_distance = 4, m_yaw = 0, m_pitch = 0, m_sceneRadius = 1, m_fov = kFov;
    bool m_orthographic = false;
    std::optional<std::array<double, 2>> m_limits;
};

/// Where a point of the camera's picture lies at depth z.
Vec3 unprojected(const Camera& camera, double x, double y, double z);
/// A point of the world in the picture; nothing where it is nearer than the near plane.
std::optional<std::array<double, 2>> projected(const Camera& camera, const Vec3& world);

} // namespace ochre::ui
