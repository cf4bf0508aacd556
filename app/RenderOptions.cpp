// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/RenderOptions.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numbers>

#include <fmt/format.h>

#include "core/base/File.h"
#include "core/models/field/FieldFile.h"
#include "core/render/Film.h"
#include "core/scene/SceneIo.h"
#include "core/scene/cameras/CameraSet.h"
#include "core/scene/field/PlacedField.h"

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

constexpr std::uint64_t kMostLayerBytes = std::uint64_t{16} << 20;

Bounds parseBox(const std::string& text) {
    Bounds box;
    auto& [a, b] = box;
    char rest = 0;
    const int found = std::sscanf(text.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf%c", &a[0], &a[1], &a[2], &b[0], &b[1], &b[2], &rest);
    if (found != 6 || !(a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2]))
        throw Error(fmt::format("--box {}: not a box", text), "six numbers: the lowest x,y,z and the highest, such as --box -1,-1,-1,1,1,1");
    return box;
}

/// What --frames asks for.
struct Frames {
    std::size_t first = 1, last = 0; ///< 0: to the end
    std::size_t count = 0;           ///< spread over all; 0: each
};

Frames parseFrames(const std::string& text) {
    Frames f;
    char rest = 0;
    unsigned long a = 0, b = 0;
    constexpr unsigned long kMost = 10'000'000;
    if (text.empty()) return f;
    if (std::sscanf(text.c_str(), "%lu-%lu%c", &a, &b, &rest) == 2 && a >= 1 && a <= b && b <= kMost) return {a, b, 0};
    if (std::sscanf(text.c_str(), "%lu%c", &a, &rest) == 1 && a >= 1 && a <= kMost && text[0] != '-') return {1, 0, a};
    throw Error(fmt::format("--frames {}: no frames", text), "1-48 for some of them, numbered from 1, or 48 for that many in all");
}

/// Those of `count` in all that are asked for, from 0; `first` is the number of the first.
std::vector<std::size_t> chosen(const Frames& f, std::size_t count, const std::string& text, int& first) {
    std::vector<std::size_t> all;
    if (f.last > count || f.count > count)
        throw Error(fmt::format("--frames {}: there are {}", text, count), "choose from these");
    if (f.count > 0)
        for (std::size_t i = 0; i < f.count; ++i) all.push_back(i * count / f.count);
    else
        for (std::size_t i = f.first; i <= (f.last > 0 ? f.last : count); ++i) all.push_back(i - 1);
    first = static_cast<int>(f.first);
    return all;
}

void addPath(const RenderRequest& r, CameraPath path, const SplatScene& scene, RenderViews& views) {
    if (path.keys.empty()) throw Error(r.camera + ": the path has no key", "set one in the window, or write one");
    if (r.fps > 0) path.fps = r.fps;
    const Frames frames = parseFrames(r.frames);
    const Size size = sizeOf(r);
    const double nearest = std::min(Camera().near, scene.focus().radius / 20);
    const auto add = [&](double time) { views.cameras.push_back(path.at(time).camera(size.width, size.height, nearest)); };
    if (frames.count > 0)
        for (std::size_t i = 0; i < frames.count; ++i) add(path.duration * static_cast<double>(i) / static_cast<double>(frames.count));
    else
        for (const std::size_t i : chosen(frames, path.frames(), r.frames, views.first)) add(path.timeOf(i));
    views.fps = path.fps;
    views.film = true;
}

void addFile(const RenderRequest& r, const SplatScene& scene, RenderViews& views) {
    CameraSource source = readCameras(r.camera);
    if (source.path) return addPath(r, std::move(*source.path), scene, views);
    const auto& photos = source.set.cameras;
    if (photos.empty()) throw Error(r.camera + ": it holds no camera");
    views.film = photos.size() > 1;
    for (const std::size_t i : chosen(parseFrames(r.frames), photos.size(), r.frames, views.first)) {
        Camera camera = photos[i].camera;
        if (!r.size.empty()) camera = camera.resized(sizeOf(r).width, sizeOf(r).height);
        views.cameras.push_back(camera);
    }
}

/// The upper and lower edges that far apart.
Camera withFov(Camera camera, double degrees) {
    if (camera.orthographic) return camera;
    const double wider = camera.height / 2.0 / std::tan(degrees * std::numbers::pi / 360) / camera.fy;
    camera.fx *= wider;
    camera.fy *= wider;
    return camera;
}

RenderViews cameras(const RenderRequest& r, const SplatScene& scene) {
    RenderViews views{.fps = r.fps > 0 ? r.fps : 30};
    const double fov = r.fov > 0 ? r.fov : 45;
    if (!r.camera.empty()) {
        addFile(r, scene, views);
        for (Camera& camera : views.cameras)
            if (r.fov > 0) camera = withFov(camera, r.fov);
        return views;
    }
    if (r.turntable > 0) {
        const CameraPath path = turntable(scene.focus(), r.turntable / views.fps, views.fps, 12, fov);
        addPath(r, path, scene, views);
        return views;
    }
    if (!r.frames.empty()) throw Error("--frames: only of --camera and --turntable", "--orbit says how many pictures itself");
    const Size size = sizeOf(r);
    if (const auto own = ownView(scene, size.width, size.height); own && r.orbit == 0 && r.view.empty()) {
        views.cameras = {r.fov > 0 ? withFov(own->first, r.fov) : own->first};
        return views;
    }
    if (!r.view.empty()) {
        views.cameras = {Camera::facing(sides().at(r.view), scene.focus(), size.width, size.height, fov)};
        return views;
    }
    for (int i = 0; i < std::max(1, r.orbit); ++i)
        views.cameras.push_back(Camera::frame(scene.focus(), size.width, size.height, r.orbit > 0 ? 360.0 * i / r.orbit : 0.0, 12, fov));
    return views;
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
    sub.add_option("scene", r.scenes,
                   std::string("Scene to draw, or several in one view: ") + kSceneNames + ", NeRF checkpoints, *.field.safetensors")
        ->required();
    sub.add_option("--layers", r.layers,
                   "How several scenes stand in the view, as a file or as text: a list of JSON objects as of the node \"Combine scenes\", such as "
                   "[{\"input\": \"scene_2\", \"move\": [0, 0, 1], \"turn\": [0, 90, 0], \"scale\": 2, \"opacity\": 0.5}]");
    sub.add_option("-o,--output", r.output, "Picture to write; .exr holds premultiplied floats without a display transform. Of several: "
                                         "frames/%04d.png, or a film: .mp4 (H.264), .mov (ProRes)")->required();
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
                                  "Camera as JSON (width, height, fx, fy, cx, cy, world_to_camera; near, far, orthographic), camera path, "
                                  "transforms.json, or a folder with COLMAP's cameras and images");
    auto* orbit = sub.add_option("--orbit", r.orbit, "This many pictures from all around")->check(CLI::Range(1, 100000))->excludes(camera);
    auto* turn = sub.add_option("--turntable", r.turntable, "A film of this many frames once around the scene")
                     ->check(CLI::Range(1, 100000))
                     ->excludes(camera)
                     ->excludes(orbit);
    sub.add_option("--frames", r.frames, "Of a path or several cameras: A-B for some, numbered from 1, or how many in all");
    sub.add_option("--fps", r.fps, "Frames a second, instead of the path's own; 30 without one")->check(CLI::Range(0.1, CameraPath::kMostFps));
    sub.add_flag("--again", r.again, "Draw frames again that are there already");
    sub.add_flag("--depth", r.depth, ".exr of one picture: the depth beside the colours, as Z; those of films always have it");
    sub.add_option("--bits", r.bits, "A channel, where the format has them: 8, 16 (half in .exr) or 32")->check(CLI::IsMember({8, 16, 32}));
    sub.add_option("--view", r.view, "Straight along an axis")->check(CLI::IsMember(namesOf(sides())))->excludes(camera)->excludes(orbit)->excludes(turn);
    sub.add_option("--fov", r.fov, "Degrees from the upper edge to the lower")->check(CLI::Range(1.0, 170.0));
    sub.add_option("--near", r.near, "Leave out splats nearer than this")->check(CLI::PositiveNumber);
    sub.add_option("--far", r.far, "Leave out splats further than this")->check(CLI::PositiveNumber);
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
    sub.add_option("--space", r.space,
                   "Of a NeRF, whose file does not say it: world, or ndc for forward-facing scenes, seen by the camera's own field of view")
        ->check(CLI::IsMember({"auto", "world", "ndc"}))
        ->capture_default_str();
    sub.add_option("--size", r.size, "Width and height in pixels, such as 1280x720");
    sub.add_option("--background", r.background,
                   "R,G,B in 0 to 1 (or 0 to 255); two of them with / between, from the upper edge to the lower; an equirectangular picture; or none")
        ->capture_default_str();
    sub.add_option("--background-turn", r.backgroundTurn, "Degrees that an equirectangular background is turned to the right");
    sub.add_flag("--json", r.json, "Print one JSON object");
}

Camera cameraOfFile(const RenderRequest& r) {
    Camera camera = readCamera(r.camera);
    if (!r.size.empty()) camera = camera.resized(sizeOf(r).width, sizeOf(r).height);
    return r.fov > 0 ? withFov(camera, r.fov) : camera;
}

Camera withLimits(Camera c, const RenderRequest& r) {
    if (r.near > 0) c.near = r.near;
    if (r.far > 0) c.far = r.far;
    if (!(c.near < c.far)) throw Error(fmt::format("--near {}, --far {}: nothing lies between them", c.near, c.far));
    return c;
}

std::optional<Backdrop> backdropOf(const RenderRequest& request) {
    auto backdrop = backdropFromText(request.background, "--background");
    if (backdrop) backdrop->turn = request.backgroundTurn;
    return backdrop;
}

std::optional<std::array<float, 3>> backgroundOf(const RenderRequest& request) {
    const auto backdrop = backdropOf(request);
    if (!backdrop) return std::nullopt;
    if (!backdrop->plain()) throw Error(fmt::format("--background {}: is for scenes of splats, not for radiance fields", request.background), "give one colour");
    return backdrop->top;
}

/// Splats, or a field: as it stands in the world of its cameras where these are given, else upright.
SplatCloud read(const std::string& file, const RenderRequest& r) {
    if (!models::isField(file)) return readSplats(file, interrupted());
    auto field = std::make_shared<const HashField>(models::readField(file));
    return sceneOf(r.camera.empty() ? upright(std::move(field)) : PlacedField{std::move(field)}, std::filesystem::path(file).filename().string());
}

SplatScene readScenes(const RenderRequest& r) {
    std::vector<std::pair<std::string, SplatScene>> scenes;
    for (const std::string& file : r.scenes) scenes.emplace_back(fmt::format("scene_{}", scenes.size() + 1), read(file, r));
    if (r.layers.empty()) return combined(scenes, {});
    std::error_code ignored;
    const bool file = std::filesystem::is_regular_file(r.layers, ignored);
    const std::vector<LayerSettings> layers = layersFromJson(parseJson(file ? readTextFile(r.layers, kMostLayerBytes) : r.layers, "--layers"), "--layers");
    for (const LayerSettings& layer : layers)
        if (std::ranges::find(scenes, layer.input, &std::pair<std::string, SplatScene>::first) == scenes.end())
            throw Error(fmt::format("--layers: {}: there are {} scenes", layer.input, scenes.size()), "scene_1 is the first");
    return combined(scenes, layers);
}

RenderViews renderViews(const RenderRequest& r, const SplatScene& scene) {
    RenderViews views = cameras(r, scene);
    views.film = views.film || isFilm(r.output);
    if (views.film && planeOf(r) != Plane::Color) throw Error("--pass: not of films", "take single pictures, or colours (.exr holds the depth as well)");
    for (Camera& c : views.cameras) {
        const double distance = middleDistance(c, scene.focus());
        c = withLimits(c, r);
        if (r.panorama) c = c.resized(sizeOf(r).width, sizeOf(r).height);
        if (r.orthographic) c = c.orthographicAt(distance);
    }
    return views;
}

SplatOptions splatOptions(const RenderRequest& r) {
    SplatOptions options;
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
