// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/RenderOptions.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numbers>

#include <fmt/format.h>

#include "core/scene/SceneIo.h"

namespace ochre::app {
namespace {

const std::map<std::string, Plane>& planes() {
    static const std::map<std::string, Plane> known{{"color", Plane::Color},     {"depth", Plane::Depth}, {"median_depth", Plane::MedianDepth},
                                                    {"normals", Plane::Normals}, {"id", Plane::Id},       {"alpha", Plane::Alpha}};
    return known;
}

const std::map<std::string, SplatMode>& modes() {
    static const std::map<std::string, SplatMode> known{{"color", SplatMode::Color},     {"centres", SplatMode::Centres},
                                                        {"rings", SplatMode::Rings},     {"opacity", SplatMode::Opacity},
                                                        {"overdraw", SplatMode::Overdraw}, {"depth", SplatMode::Depth}};
    return known;
}

const std::map<std::string, Camera::Side>& sides() {
    using Side = Camera::Side;
    static const std::map<std::string, Side> known{{"front", Side::Front}, {"back", Side::Back}, {"left", Side::Left},
                                                   {"right", Side::Right}, {"top", Side::Top},   {"bottom", Side::Bottom}};
    return known;
}

template <typename T>
std::vector<std::string> namesOf(const std::map<std::string, T>& known) {
    std::vector<std::string> names;
    for (const auto& [name, value] : known) names.push_back(name);
    return names;
}

Bounds parseBox(const std::string& text) {
    Bounds box;
    auto& [a, b] = box;
    char rest = 0;
    const int found = std::sscanf(text.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf%c", &a[0], &a[1], &a[2], &b[0], &b[1], &b[2], &rest);
    if (found != 6 || !(a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2]))
        throw Error(fmt::format("--box {}: not a box", text), "six numbers: the lowest x,y,z and the highest, such as --box -1,-1,-1,1,1,1");
    return box;
}

std::vector<Camera> cameras(const RenderRequest& r, const Focus& focus) {
    const Size size = sizeOf(r);
    const double fov = r.fov > 0 ? r.fov : 45;
    if (!r.camera.empty()) return {cameraOfFile(r)};
    if (!r.view.empty()) return {Camera::facing(sides().at(r.view), focus, size.width, size.height, fov)};
    std::vector<Camera> all;
    for (int i = 0; i < std::max(1, r.orbit); ++i)
        all.push_back(Camera::frame(focus, size.width, size.height, r.orbit > 0 ? 360.0 * i / r.orbit : 0.0, 12, fov));
    return all;
}

} // namespace

Size sizeOf(const RenderRequest& r) {
    if (!r.panorama) return r.size.empty() ? Size{1280, 720} : parseSize(r.size, "--size");
    const Size size = r.size.empty() ? Size{2048, 1024} : parseSize(r.size, "--size");
    if (size.width != 2 * size.height)
        throw Error(fmt::format("--size {}: a panorama is twice as wide as it is high", r.size), "for example --size 4096x2048");
    return size;
}

void addRenderOptions(CLI::App& sub, RenderRequest& r) {
    sub.add_option("scene", r.scene, std::string("Scene to draw: ") + kSceneNames + ", NeRF checkpoints, *.field.safetensors")->required();
    sub.add_option("-o,--output", r.output, "Picture to write; .exr holds premultiplied floats without a display transform")->required();
    sub.add_option("--renderer", r.renderer, "What draws: cpu is exact and slow, fast the CPU at its best")
        ->check(CLI::IsMember({"auto", "vulkan", "cpu", "fast"}))
        ->capture_default_str();
    sub.add_option("--pass", r.pass,
                   "What of the frame: id is the splat of median_depth; .exr keeps numbers as they are, in other formats depths are "
                   "white where they are least (--json says which) and black where there is nothing")
        ->check(CLI::IsMember(namesOf(planes())))
        ->capture_default_str();
    sub.add_option("--mode", r.mode, "How splats are shown")->check(CLI::IsMember(namesOf(modes())))->capture_default_str();
    sub.add_option("--point-size", r.pointSize, "Pixels across, of --mode centres")->check(CLI::Range(0.5, 100.0))->capture_default_str();
    auto* camera = sub.add_option("--camera", r.camera,
                                  "Camera as JSON (width, height, fx, fy, cx, cy, world_to_camera; near, far, orthographic)");
    auto* orbit = sub.add_option("--orbit", r.orbit, "This many pictures from all around")->check(CLI::Range(1, 100000))->excludes(camera);
    sub.add_option("--view", r.view, "Straight along an axis")->check(CLI::IsMember(namesOf(sides())))->excludes(camera)->excludes(orbit);
    sub.add_option("--fov", r.fov, "Degrees from the upper edge to the lower")->check(CLI::Range(1.0, 170.0));
    sub.add_option("--near", r.near, "Leave out what is nearer than this; of a NeRF: where samples begin")->check(CLI::PositiveNumber);
    sub.add_option("--far", r.far, "Leave out what is further than this; of a NeRF: where samples end")->check(CLI::PositiveNumber);
    sub.add_option("--box", r.box, "Leave out splats outside: the lowest x,y,z of the box and the highest");
    auto* parallel = sub.add_flag("--orthographic", r.orthographic, "Without perspective");
    auto* stereo = sub.add_option("--stereo", r.stereo, "A picture for each eye: side-by-side, left eye left, twice as wide")
                       ->check(CLI::IsMember({"side-by-side"}))
                       ->excludes(parallel);
    sub.add_option("--eye-distance", r.eyeDistance, "Between the eyes, in the scene's units; default: a thirtieth of the scene's distance")
        ->check(CLI::PositiveNumber)
        ->needs(stereo);
    sub.add_flag("--panorama", r.panorama, "All around from the camera's place: equirectangular, default size 2048x1024")
        ->excludes(parallel)
        ->excludes(stereo);
    sub.add_option("--size", r.size, "Width and height in pixels, such as 1280x720");
    sub.add_option("--background", r.background, "R,G,B in 0 to 1 (or 0 to 255), or none")->capture_default_str();
    sub.add_option("--space", r.space,
                   "Of a NeRF, whose file does not say it: world, or ndc for forward-facing scenes, seen by the camera's own field of view")
        ->check(CLI::IsMember({"auto", "world", "ndc"}))
        ->capture_default_str();
    sub.add_flag("--json", r.json, "Print one JSON object");
}

Camera cameraOfFile(const RenderRequest& r) {
    Camera camera = readCamera(r.camera);
    if (!r.size.empty()) {
        const Size size = sizeOf(r);
        camera = camera.resized(size.width, size.height);
    }
    if (r.fov > 0 && !camera.orthographic) {
        const double wider = camera.height / 2.0 / std::tan(r.fov * std::numbers::pi / 360) / camera.fy;
        camera.fx *= wider;
        camera.fy *= wider;
    }
    return camera;
}

Camera withLimits(Camera c, const RenderRequest& r) {
    if (r.near > 0) c.near = r.near;
    if (r.far > 0) c.far = r.far;
    if (!(c.near < c.far)) throw Error(fmt::format("--near {}, --far {}: nothing lies between them", c.near, c.far));
    return c;
}

std::optional<std::array<float, 3>> backgroundOf(const RenderRequest& request) {
    const std::string& text = request.background;
    if (text == "none") return std::nullopt;
    float r = 0, g = 0, b = 0;
    char rest = 0;
    if (std::sscanf(text.c_str(), "%f,%f,%f%c", &r, &g, &b, &rest) != 3)
        throw Error(fmt::format("--background {}: not a colour", text), "for example --background 0.1,0.1,0.1, or none");
    const float scale = std::max({r, g, b}) > 1 ? 255.0f : 1.0f;
    return {{r / scale, g / scale, b / scale}};
}

std::vector<RenderView> renderViews(const RenderRequest& r, const Focus& focus) {
    std::vector<RenderView> views;
    for (const Camera& camera : cameras(r, focus)) {
        const Camera c = withLimits(camera, r);
        // What lies behind the camera or at its place can be no middle of interest.
        const double distance = std::max(c.toCamera(focus.center)[2], focus.radius);
        views.push_back({r.orthographic ? c.orthographicAt(distance) : c, distance});
    }
    return views;
}

SplatOptions splatOptions(const RenderRequest& r) {
    SplatOptions options;
    options.background = backgroundOf(r);
    options.mode = modes().at(r.mode);
    options.pointSize = r.pointSize;
    if (!r.box.empty()) options.box = parseBox(r.box);
    return options;
}

Plane planeOf(const RenderRequest& r) {
    const Plane plane = planes().at(r.pass);
    if (r.panorama && plane != Plane::Color) throw Error("--panorama: only of --pass color");
    return plane;
}

} // namespace ochre::app
