// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/RenderField.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>

#include <fmt/format.h>

#include "app/ModelLibrary.h"
#include "app/RenderWrite.h"
#include "core/image/ImageIo.h"
#include "core/render/Film.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

// Of the pictures that synthetic scenes are trained on: where cameras stand, and their field of view.
constexpr double kDistance = 4.031, kFov = 39.6, kPitch = 30;
constexpr double kForwardFov = 50; // of forward-facing scenes

void refuse(bool asked, const char* option) {
    if (asked) throw Error(fmt::format("{}: is not for the networks of NeRF checkpoints", option), "leave it out, or distil a field from it: ochre convert");
}

Plane planeOfNetwork(const RenderRequest& r) {
    const Plane plane = planeOf(r);
    refuse(plane != Plane::Color && plane != Plane::Alpha && plane != Plane::Depth, ("--pass " + r.pass).c_str());
    refuse(r.mode != "color", "--mode");
    refuse(!r.stereo.empty(), "--stereo");
    refuse(r.panorama, "--panorama");
    refuse(!r.box.empty(), "--box");
    refuse(!r.view.empty(), "--view");
    refuse(!r.frames.empty(), "--frames");
    refuse(r.turntable > 0, "--turntable");
    refuse(r.depth, "--depth");
    if (isFilm(r.output)) throw Error(r.output + ": films are not of the networks of NeRF checkpoints", "distil a field from it: ochre convert");
    return plane;
}

/// On a circle about `center`, looking down on it a little; `up` is the world's.
std::vector<Camera> around(const RenderRequest& r, const Vec3& center, const Vec3& up) {
    const Size size = sizeOf(r);
    const Vec3 ahead = std::abs(up[1]) < 0.9 ? Vec3{0, 1, 0} : Vec3{0, 0, 1};
    const Vec3 side{up[1] * ahead[2] - up[2] * ahead[1], up[2] * ahead[0] - up[0] * ahead[2], up[0] * ahead[1] - up[1] * ahead[0]};
    std::vector<Camera> all;
    for (int i = 0; i < std::max(1, r.orbit); ++i) {
        const double yaw = 2 * std::numbers::pi * i / std::max(1, r.orbit), pitch = kPitch * std::numbers::pi / 180;
        Vec3 eye = center;
        for (std::size_t k = 0; k < 3; ++k)
            eye[k] += kDistance * (std::cos(pitch) * (std::sin(yaw) * side[k] - std::cos(yaw) * ahead[k]) + std::sin(pitch) * up[k]);
        all.push_back(Camera::lookAt(eye, center, {-up[0], -up[1], -up[2]}, r.fov > 0 ? r.fov : kFov, size.width, size.height));
    }
    return all;
}

std::vector<Camera> camerasOf(const RenderRequest& r, const Vec3& center, const Vec3& up) {
    std::vector<Camera> all = r.camera.empty() ? around(r, center, up) : std::vector{cameraOfFile(r)};
    for (Camera& c : all)
        if (r.orthographic) c = c.orthographicAt(std::max(1e-3, c.toCamera(center)[2]));
    return all;
}

/// From where forward-facing scenes were photographed: the middle of the world, along −z.
std::vector<Camera> forwardCameras(const RenderRequest& r) {
    refuse(r.orbit > 0, "--orbit");
    refuse(r.orthographic, "--orthographic");
    if (!r.camera.empty()) return {cameraOfFile(r)};
    const Size size = sizeOf(r);
    return {Camera::lookAt({0, 0, 0}, {0, 0, -1}, {0, -1, 0}, r.fov > 0 ? r.fov : kForwardFov, size.width, size.height)};
}

/// Writes frames as they come, and tells about them at the end.
class Writer {
public:
    Writer(const RenderRequest& request, Plane plane, std::size_t count) : m_request(request), m_plane(plane), m_count(count) {}

    /// color: premultiplied, without a background where that is not in it yet.
    void write(std::size_t index, Image color, const Image& depth) {
        const fs::path file = m_count == 1 ? fs::path(m_request.output) : frameFile(m_request.output, static_cast<int>(index + 1));
        m_size = {color.width(), color.height()};
        if (m_plane == Plane::Depth) {
            const DepthRange range = depthRange(depth);
            m_ranges.push_back({{"near", range.near}, {"far", range.far}});
            writePlane(depth, m_plane, range, file);
        } else if (m_plane == Plane::Alpha) {
            Image alpha(color.width(), color.height(), 1, ColorSpace::Raw);
            const auto to = alpha.edit();
            for (std::size_t i = 0; i < to.size(); ++i) to[i] = color.values()[4 * i + 3];
            writePlane(alpha, m_plane, {}, file);
        } else {
            const auto background = backgroundOf(m_request);
            const auto v = color.edit();
            for (std::size_t i = 0; background && i < v.size(); i += 4) {
                for (std::size_t k = 0; k < 3; ++k) v[i + k] += (1 - v[i + 3]) * (*background)[k];
                v[i + 3] = 1;
            }
            const bool exr = imageFormatFromPath(file) == ImageFormat::Exr;
            writeFrame(color, nullptr, file, background.has_value(), m_request.bits > 0 ? m_request.bits : exr ? 32 : 0);
        }
        m_files.push_back(file.string());
        if (!m_request.json) std::printf("%s\n", file.c_str());
    }

    void report(Json more) {
        if (!m_request.json) return;
        more.update({{"ok", true}, {"width", m_size.width}, {"height", m_size.height}, {"pass", m_request.pass}, {"files", m_files},
                     {"seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count()}});
        if (!m_ranges.empty()) more["depth_ranges"] = m_ranges; // one a picture
        printJson(more);
    }

private:
    const RenderRequest& m_request;
    Plane m_plane;
    std::size_t m_count;
    Size m_size{};
    Json m_files = Json::array(), m_ranges = Json::array();
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

} // namespace

bool isRadianceField(const std::string& scene) {
    const std::string ending = fs::path(scene).extension().string();
    return ending == ".safetensors" || ending == ".ckpt" || ending == ".pth" || ending == ".pt" || ending == ".tar";
}

int renderNerf(const RenderRequest& r) {
    const Plane plane = planeOfNetwork(r);
    const Json info = runModelCommand({.command = "nerf_info", .files = {r.scene}});
    const bool forward = r.space == "auto" ? info.at("forward_facing").get<bool>() : r.space == "ndc";
    const std::vector<Camera> cameras = forward ? forwardCameras(r) : camerasOf(r, {0, 0, 0}, {0, 0, 1});
    Writer writer(r, plane, cameras.size());
    ModelRequest request{.command = "render_nerf", .files = {r.scene}, .progress = progressLine(), .cancel = interrupted()};
    request.options = {{"forward_facing", forward}, {"cameras", Json::array()}};
    if (r.near > 0) request.options["near"] = r.near;
    if (r.far > 0) request.options["far"] = r.far;
    for (const Camera& camera : cameras) request.options["cameras"].push_back(cameraToJson(camera));
    request.picture = [&](std::size_t index, const Image& color, const Image& depth) {
        endProgress();
        writer.write(index, color, depth);
    };
    Json report = runModelCommand(request);
    report["renderer"] = "network";
    writer.report(std::move(report));
    return kDone;
}

} // namespace ochre::app
