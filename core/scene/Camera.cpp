// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Camera.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/scene/Directions.h"

namespace ochre {
namespace {

constexpr double kRadians = std::numbers::pi / 180;

double number(const Json& json, const char* key, std::string_view subject) {
    const auto it = json.find(key);
    if (it == json.end() || !it->is_number() || !std::isfinite(it->get<double>()))
        throw broken(fmt::format("{}: {}: a number is missing", subject, key),
                     "see data of a camera written by Ochre");
    return it->get<double>();
}

int side(const Json& json, const char* key, std::string_view subject) {
    const double value = number(json, key, subject);
    if (value < 1 || value > 65536 || value != std::floor(value))
        throw broken(fmt::format("{}: {}: {} is not a size from 1 to 65536", subject, key, value));
    return static_cast<int>(value);
}

std::array<double, 16> matrix(const Json& json, std::string_view subject) {
    std::array<double, 16> m{};
    const auto rows = json.find("world_to_camera");
    const auto bad = [&] {
        return broken(fmt::format("{}: world_to_camera: not four rows of four numbers", subject));
    };
    if (rows == json.end() || !rows->is_array() || rows->size() != 4) throw bad();
    for (std::size_t r = 0; r < 4; ++r) {
        const Json& row = (*rows)[r];
        if (!row.is_array() || row.size() != 4) throw bad();
        for (std::size_t c = 0; c < 4; ++c) {
            if (!row[c].is_number() || !std::isfinite(row[c].get<double>())) throw bad();
            m[4 * r + c] = row[c].get<double>();
        }
    }
    return m;
}

void checkRotation(const std::array<double, 16>& m, std::string_view subject) {
    if (m[12] != 0 || m[13] != 0 || m[14] != 0 || m[15] != 1)
        throw broken(fmt::format("{}: world_to_camera: its last row is {} {} {} {}, not 0 0 0 1", subject,
                                 m[12], m[13], m[14], m[15]));
    const Vec3 rows[] = {{m[0], m[1], m[2]}, {m[4], m[5], m[6]}, {m[8], m[9], m[10]}};
    for (int a = 0; a < 3; ++a)
        for (int b = a; b < 3; ++b)
            if (std::abs(dot(rows[a], rows[b]) - (a == b)) > 1e-3)
                throw broken(fmt::format("{}: world_to_camera: its left 3×3 part is not a rotation", subject),
                             "scaled or sheared cameras cannot be drawn");
    if (dot(cross(rows[0], rows[1]), rows[2]) < 0)
        throw broken(fmt::format("{}: world_to_camera: mirrors the scene", subject),
                     "y points down, z forward");
}

void readLimits(const Json& json, Camera& camera, std::string_view subject) {
    if (json.contains("near")) camera.near = number(json, "near", subject);
    if (json.contains("far")) camera.far = number(json, "far", subject);
    if (!(camera.near > 0 && camera.near < camera.far))
        throw broken(fmt::format("{}: near, far: {}, {}: not distances above 0, the nearer one first", subject, camera.near, camera.far));
    const auto flag = json.find("orthographic");
    if (flag == json.end()) return;
    if (!flag->is_boolean()) throw broken(fmt::format("{}: orthographic: neither true nor false", subject));
    camera.orthographic = flag->get<bool>();
}

} // namespace

Vec3 Camera::toCamera(const Vec3& w) const {
    const auto& m = worldToCamera;
    return {m[0] * w[0] + m[1] * w[1] + m[2] * w[2] + m[3], m[4] * w[0] + m[5] * w[1] + m[6] * w[2] + m[7],
            m[8] * w[0] + m[9] * w[1] + m[10] * w[2] + m[11]};
}

Vec3 Camera::position() const {
    const auto& m = worldToCamera; // −Rᵀt
    return {-(m[0] * m[3] + m[4] * m[7] + m[8] * m[11]), -(m[1] * m[3] + m[5] * m[7] + m[9] * m[11]),
            -(m[2] * m[3] + m[6] * m[7] + m[10] * m[11])};
}

CameraRay Camera::ray(int x, int y) const {
    const auto& m = worldToCamera;
    const double u = (x + 0.5 - cx) / fx, v = (y + 0.5 - cy) / fy;
    CameraRay ray{position(), {m[8], m[9], m[10]}};
    Vec3& moved = orthographic ? ray.origin : ray.direction;
    for (std::size_t k = 0; k < 3; ++k) moved[k] += m[k] * u + m[4 + k] * v;
    return ray;
}

Camera Camera::resized(int newWidth, int newHeight) const {
    Camera c = *this;
    const double scale = static_cast<double>(newHeight) / height;
    c.width = newWidth;
    c.height = newHeight;
    c.fx *= scale;
    c.fy *= scale;
    c.cx = newWidth / 2.0 + (cx - width / 2.0) * scale;
    c.cy = cy * scale;
    return c;
}

Camera Camera::fitted(int newWidth, int newHeight) const {
    Camera c = *this;
    const double scale = std::min(static_cast<double>(newWidth) / width, static_cast<double>(newHeight) / height);
    c.width = newWidth;
    c.height = newHeight;
    c.fx *= scale;
    c.fy *= scale;
    c.cx = newWidth / 2.0 + (cx - width / 2.0) * scale;
    c.cy = newHeight / 2.0 + (cy - height / 2.0) * scale;
    return c;
}

Camera Camera::lookAt(const Vec3& eye, const Vec3& target, const Vec3& down, double verticalFovDegrees,
                      int width, int height) {
    Camera c;
    c.width = width;
    c.height = height;
    c.fx = c.fy = height / 2.0 / std::tan(verticalFovDegrees * kRadians / 2);
    c.cx = width / 2.0;
    c.cy = height / 2.0;
    const Vec3 forward = unit({target[0] - eye[0], target[1] - eye[1], target[2] - eye[2]});
    const Vec3 right = unit(cross(down, forward));
    const Vec3 under = cross(forward, right);
    const Vec3 rows[] = {right, under, forward};
    for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t k = 0; k < 3; ++k) c.worldToCamera[4 * r + k] = rows[r][k];
        c.worldToCamera[4 * r + 3] = -dot(rows[r], eye);
    }
    return c;
}

Camera Camera::orbit(const Vec3& center, double radius, double yaw, double pitch, double verticalFovDegrees,
                     int width, int height) {
    const double a = yaw * kRadians, b = std::clamp(pitch, -89.9, 89.9) * kRadians;
    const Vec3 eye{center[0] + radius * std::cos(b) * std::sin(a), center[1] - radius * std::sin(b),
                   center[2] - radius * std::cos(b) * std::cos(a)};
    return lookAt(eye, center, {0, 1, 0}, verticalFovDegrees, width, height);
}

Camera Camera::frame(const Focus& focus, int width, int height, double yaw, double pitch,
                     double verticalFovDegrees) {
    // The narrower side decides; the sphere touches a cone of that angle at radius / sin.
    const double half = std::tan(verticalFovDegrees * kRadians / 2);
    const double narrow = std::atan(half * std::min(1.0, static_cast<double>(width) / height));
    Camera c =
        orbit(focus.center, focus.radius / std::sin(narrow), yaw, pitch, verticalFovDegrees, width, height);
    c.near = std::min(c.near, focus.radius / 20);
    return c;
}

Camera Camera::facing(Side side, const Focus& focus, int width, int height, double verticalFovDegrees) {
    if (side == Side::Front || side == Side::Back || side == Side::Left || side == Side::Right) {
        const double yaw = side == Side::Front ? 0 : side == Side::Back ? 180 : side == Side::Right ? 90 : -90;
        return frame(focus, width, height, yaw, 0, verticalFovDegrees);
    }
    Camera c = frame(focus, width, height, 0, 0, verticalFovDegrees);
    const double distance = c.toCamera(focus.center)[2], sign = side == Side::Top ? 1 : -1;
    // The front of the scene is at the lower edge seen from above, at the upper edge seen from below.
    const Camera turned = lookAt({focus.center[0], focus.center[1] - sign * distance, focus.center[2]}, focus.center, {0, 0, -sign},
                                 verticalFovDegrees, width, height);
    c.worldToCamera = turned.worldToCamera;
    return c;
}

Camera Camera::orthographicAt(double distance) const {
    Camera c = *this;
    if (orthographic) return c;
    c.orthographic = true;
    c.fx /= distance;
    c.fy /= distance;
    return c;
}

std::array<Camera, 2> Camera::stereo(double eyeDistance, double distance) const {
    std::array<Camera, 2> eyes{*this, *this};
    for (std::size_t i = 0; i < 2; ++i) {
        const double shift = (i == 0 ? 0.5 : -0.5) * eyeDistance; // of the scene before the eye
        eyes[i].worldToCamera[3] += shift;
        eyes[i].cx -= fx * shift / (orthographic ? 1 : distance);
    }
    return eyes;
}

Camera cameraFromJson(const Json& json, std::string_view subject) {
    if (!json.is_object()) throw broken(fmt::format("{}: not a camera: no JSON object", subject));
    Camera c;
    c.width = side(json, "width", subject);
    c.height = side(json, "height", subject);
    c.fx = number(json, "fx", subject);
    c.fy = number(json, "fy", subject);
    c.cx = number(json, "cx", subject);
    c.cy = number(json, "cy", subject);
    if (c.fx <= 0 || c.fy <= 0 || c.fx > 1e9 || c.fy > 1e9)
        throw broken(fmt::format("{}: fx, fy: {}, {}: not focal lengths in pixels", subject, c.fx, c.fy));
    c.worldToCamera = matrix(json, subject);
    checkRotation(c.worldToCamera, subject);
    readLimits(json, c, subject);
    return c;
}

Json cameraToJson(const Camera& camera) {
    Json json{{"width", camera.width}, {"height", camera.height}, {"fx", camera.fx},
              {"fy", camera.fy},       {"cx", camera.cx},         {"cy", camera.cy},
              {"near", camera.near}};
    if (std::isfinite(camera.far)) json["far"] = camera.far;
    if (camera.orthographic) json["orthographic"] = true;
    for (std::size_t r = 0; r < 4; ++r) {
        Json row = Json::array();
        for (std::size_t c = 0; c < 4; ++c) row.push_back(camera.worldToCamera[4 * r + c]);
        json["world_to_camera"].push_back(row);
    }
    return json;
}

Camera readCamera(const std::filesystem::path& path) {
    const std::string subject = path.filename().string();
    return cameraFromJson(parseJson(readTextFile(path, 1 << 20), subject), subject);
}

} // namespace ochre
