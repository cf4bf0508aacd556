// SPDX-License-Identifier: GPL-3.0-or-later
// A pinhole camera: size, intrinsics in pixels, and where it stands. OpenCV axes (x right, y down, z
// forward).
#pragma once

#include <array>
#include <filesystem>
#include <limits>

#include "core/base/Json.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

using Vec3 = std::array<double, 3>;

/// origin + t·direction.
struct CameraRay {
    Vec3 origin, direction;
};

struct Camera {
    int width = 1280, height = 720;
    double fx = 1000, fy = 1000, cx = 640, cy = 360; ///< pixels; the centre of the first pixel is at 0.5
    std::array<double, 16> worldToCamera = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}; ///< row-major
    double near = 0.2; ///< splats nearer than this along z are not drawn
    double far = std::numeric_limits<double>::infinity(); ///< nor what is further
    bool orthographic = false; ///< rays are parallel to z, and fx and fy are pixels a unit of length

    Vec3 position() const; ///< in the world
    Vec3 toCamera(const Vec3& world) const;
    /// Through the middle of a pixel, in the world; t is z in the camera.
    CameraRay ray(int x, int y) const;
    /// The same view at another size: the vertical field of view stays.
    Camera resized(int newWidth, int newHeight) const;
    /// The whole of its picture in the middle of one of another size.
    Camera fitted(int newWidth, int newHeight) const;

    /// Stands at `eye` and looks at `target`; `down` is the world's direction of gravity (0,1,0 in 3DGS
    /// files).
    static Camera lookAt(const Vec3& eye, const Vec3& target, const Vec3& down, double verticalFovDegrees,
                         int width, int height);
    /// On a sphere around `center`. Yaw 0 looks along +z, positive yaw moves to the right of the scene;
    /// positive pitch looks down on it. Degrees; pitch is kept within ±89.9.
    static Camera orbit(const Vec3& center, double radius, double yaw, double pitch,
                        double verticalFovDegrees, int width, int height);
    /// The default view of a cloud: an orbit from slightly above that holds the sphere of `focus`.
    static Camera frame(const Focus& focus, int width, int height, double yaw = 0, double pitch = 12,
                        double verticalFovDegrees = 45);
    /// The same sphere straight along one of the world's axes, from the side that is named: Front looks along +z, Top down.
    enum class Side { Front, Back, Left, Right, Top, Bottom };
    static Camera facing(Side side, const Focus& focus, int width, int height, double verticalFovDegrees = 45);

    /// Without perspective, and with the same size of what is at `distance` along z.
    Camera orthographicAt(double distance) const;
    /// Left and right eye, `eyeDistance` apart and with parallel axes. What is `distance` away is at the same place in both
    /// pictures, in the plane of the screen.
    std::array<Camera, 2> stereo(double eyeDistance, double distance) const;
};

/// {"width", "height", "fx", "fy", "cx", "cy", "world_to_camera": 4×4}, further keys
/// ignored but for "near", "far" and "orthographic", which may be left out. Throws Error
/// with `subject` and the key: sizes 1…65536, focal lengths above 0, a rotation that is one (orthonormal
/// within 1e-3, determinant 1), near above 0 and below far.
Camera cameraFromJson(const Json& json, std::string_view subject);
Json cameraToJson(const Camera& camera);
Camera readCamera(const std::filesystem::path& path);

} // namespace ochre
