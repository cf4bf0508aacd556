// SPDX-License-Identifier: GPL-3.0-or-later
// A camera that moves: keys in time, and what lies between them.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Json.h"
#include "core/scene/Camera.h"

namespace ochre {

/// A rotation w, x, y, z of length 1.
using Quaternion = std::array<double, 4>;
Quaternion quaternionOf(const std::array<double, 16>& worldToCamera); ///< camera to world

/// How the way from one key to the next is gone.
enum class Easing {
    Linear,
    In,    ///< begins slowly
    Out,   ///< ends slowly
    InOut, ///< both
    Hold,  ///< stays, then jumps
};
inline constexpr Easing kEasings[] = {Easing::Linear, Easing::In, Easing::Out, Easing::InOut, Easing::Hold};
const char* name(Easing easing); ///< as in files: "linear", "ease-in", "ease-out", "ease", "hold"
double eased(Easing easing, double share); ///< of the way, both 0…1

struct CameraKey {
    double time = 0; ///< seconds
    Vec3 position{};
    Quaternion rotation{1, 0, 0, 0}; ///< camera to world, OpenCV axes
    double fov = 45;                 ///< degrees from the upper edge to the lower
    double focus = 0;                ///< how far along z what is looked at lies; 0: not said
    Easing easing = Easing::Linear;  ///< from here to the next key

    bool operator==(const CameraKey&) const = default;
    /// `nearest`: what is nearer is not drawn.
    Camera camera(int width, int height, double nearest = 0.2) const;
};
/// The key that sees what the camera sees, at time 0. Parallel rays become those of an eye that sees as much at `focus`.
CameraKey keyOf(const Camera& camera, double focus = 0);

/// Positions follow a Catmull-Rom curve whose knots are the keys' times (speed is continuous, curves pass through their keys),
/// orientations a spherical Bézier curve of the same kind (Shoemake 1985), fields of view and focus the scalar one.
struct CameraPath {
    std::vector<CameraKey> keys; ///< by time, each time once
    double duration = 5;         ///< seconds
    double fps = 30;
    bool loop = false; ///< the last key leads to the first, which it reaches at the end

    static constexpr std::size_t kMostKeys = 10000;
    static constexpr double kLongest = 86400, kMostFps = 240;

    bool operator==(const CameraPath&) const = default;
    /// At any time; before the first key and after the last one it stands still, or goes round. Throws Error without a key.
    CameraKey at(double time) const;
    std::size_t frames() const;             ///< that fill the duration, 1 at least
    double timeOf(std::size_t frame) const; ///< of frame 0, 1, …
    /// Puts the key in its place, instead of one that is less than half a frame away; gives its index.
    std::size_t put(CameraKey key);
};

/// Once around the scene's focus at its height, as far away as the default view: keys every 15°, whose way is a circle to one in
/// ten thousand. `pitch` in degrees, positive from above.
CameraPath turntable(const Focus& focus, double seconds, double fps, double pitch = 12, double fov = 45);

/// See README.md for the file. Throws Error (Broken) with `subject` and the key on what is none: more than 10,000 keys, times
/// that are not 0 to 86,400 s or stand twice, numbers that are not finite, rotations of no length, fields of view outside 1° to 170°.
CameraPath cameraPathFromJson(const Json& json, std::string_view subject);
Json cameraPathToJson(const CameraPath& path);
CameraPath readCameraPath(const std::filesystem::path& file);
void writeCameraPath(const CameraPath& path, const std::filesystem::path& file);

} // namespace ochre
