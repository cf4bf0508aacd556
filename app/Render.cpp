// SPDX-License-Identifier: GPL-3.0-or-later
// ochre render: pictures and films of a scene, from files of cameras, the default view or an orbit.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/Command.h"
#include "app/RenderField.h"
#include "app/RenderOptions.h"
#include "app/RenderWrite.h"
#include "core/image/ImageIo.h"
#include "core/models/field/FieldFile.h"
#include "core/render/Film.h"
#include "core/render/Panorama.h"
#include "core/scene/field/PlacedField.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

std::unique_ptr<Renderer> open(const std::string& which) {
    if (which == "cpu") return makeCpuRenderer();
    if (which == "fast") return makeFastCpuRenderer();
    if (which == "vulkan") return makeVulkanRenderer();
    std::string reason;
    auto renderer = makeRenderer({}, &reason);
    if (!reason.empty()) std::fprintf(stderr, "ochre: %s; drawing on the CPU\n", reason.c_str());
    return renderer;
}

/// One channel: the number of the splat, −1 where there is none.
Image idPicture(const std::vector<SplatId>& ids, int width, int height) {
    Image image(width, height, 1, ColorSpace::Raw);
    const auto to = image.edit();
    for (std::size_t i = 0; i < ids.size(); ++i) to[i] = ids[i].splat == SplatId::kNone ? -1.0f : static_cast<float>(ids[i].splat);
    return image;
}

using Behind = std::optional<Backdrop>;

Projection projectionOf(const RenderRequest& r) {
    return r.panorama ? Projection::Panorama : r.stereo.empty() ? Projection::Camera : Projection::SideBySide;
}

Image drawPlane(Renderer& renderer, const Camera& camera, const SplatOptions& options, Plane plane) {
    const Planes planes = renderer.renderPlanes(camera, options, {&plane, 1}, interrupted());
    switch (plane) {
    case Plane::Color: return planes.color;
    case Plane::Alpha: return planes.alpha;
    case Plane::Depth: return planes.depth;
    case Plane::MedianDepth: return planes.medianDepth;
    case Plane::Normals: return planes.normals;
    case Plane::Id: return idPicture(planes.ids, camera.width, camera.height);
    }
    return {};
}

Image draw(Renderer& renderer, const Camera& camera, const SplatOptions& options, const Behind& behind, const Focus& focus, const RenderRequest& r) {
    const Plane plane = planeOf(r);
    if (r.panorama || plane == Plane::Color)
        return renderProjected(projectionOf(r), behind, renderer, camera, options, focus, r.eyeDistance, interrupted());
    if (r.stereo.empty()) return drawPlane(renderer, camera, options, plane);
    const auto [left, right] = eyesOf(camera, focus, r.eyeDistance);
    const Image first = drawPlane(renderer, left, options, plane);
    return sideBySide(first, drawPlane(renderer, right, options, plane));
}

int runFilm(const RenderRequest& r, const SplatScene& scene, RenderViews views) {
    Film film{.output = r.output,
              .cameras = std::move(views.cameras),
              .first = views.first,
              .fps = views.fps,
              .splats = splatOptions(r),
              .backdrop = backdropOf(r),
              .projection = projectionOf(r),
              .eyeDistance = r.eyeDistance,
              .bitDepth = r.bits,
              .resume = !r.again};
    checkFilm(film);
    const auto renderer = open(r.renderer);
    const graph::Listener bar = progressListener();
    const FilmResult result = renderFilm(*renderer, itemsOf(scene), film, [&bar](const FilmState& s) {
        if (bar.onTotal) bar.onTotal(static_cast<double>(s.done) / static_cast<double>(s.total), s.secondsLeft);
    }, interrupted());
    endProgress();
    Json files = Json::array();
    for (const fs::path& file : result.files) files.push_back(file.string());
    if (r.json)
        printJson({{"ok", true}, {"renderer", renderer->name()}, {"splats", scene.count()}, {"width", film.cameras.front().width},
                   {"height", film.cameras.front().height}, {"fps", film.fps}, {"frames", film.cameras.size()}, {"drawn", result.drawn},
                   {"kept", result.kept}, {"files", std::move(files)}});
    else
        for (const fs::path& file : result.files) std::printf("%s\n", file.c_str());
    return kDone;
}

/// The picture of a view with its depth beside it.
void writeWithDepth(Renderer& renderer, const Camera& camera, const SplatOptions& options, const Behind& behind, const RenderRequest& r,
                    const fs::path& file) {
    const Planes planes = renderWithDepth(behind, renderer, camera, options, interrupted());
    writeFrame(planes.color, &planes.depth, file, behind.has_value(), r.bits > 0 ? r.bits : 32);
}

void writeStill(const Image& image, const RenderRequest& r, const fs::path& file, bool opaque) {
    const bool exr = imageFormatFromPath(file) == ImageFormat::Exr;
    writeFrame(image, nullptr, file, opaque, r.bits > 0 ? r.bits : exr ? 32 : 0);
}

void checkOutput(const RenderRequest& r) {
    const bool exr = imageFormatFromPath(r.output) == ImageFormat::Exr;
    if (r.depth && (!exr || r.panorama || !r.stereo.empty() || planeOf(r) != Plane::Color))
        throw Error("--depth: only beside the colours of an .exr", "--pass depth writes it alone");
    if (r.bits == 8 && exr) throw Error("--bits 8: .exr holds 16 or 32");
}

int run(const RenderRequest& r) {
    if (isRadianceField(r.scene) && !models::isField(r.scene)) {
        if (r.scenes.size() > 1) throw Error(r.scenes[1] + ": the network of a NeRF is drawn alone", "convert " + r.scene + " into a field, or draw them one by one");
        return renderNerf(r);
    }
    if (!isFilm(r.output)) checkOutput(r);
    const Plane plane = planeOf(r);
    const SplatOptions options = splatOptions(r);
    const Behind behind = backdropOf(r);
    const SplatScene scene = readScenes(r);
    RenderViews views = renderViews(r, scene);
    if (views.film) return runFilm(r, scene, std::move(views));
    const auto renderer = open(r.renderer);
    renderer->setScene(itemsOf(scene));
    Json files = Json::array(), times = Json::object(), ranges = Json::array();
    Size size{};
    const Focus focus = scene.focus();
    const std::size_t count = views.cameras.size();
    for (std::size_t i = 0; i < count; ++i) {
        const Camera& camera = views.cameras[i];
        const fs::path file = count == 1 ? fs::path(r.output) : frameFile(r.output, static_cast<int>(i + 1));
        files.push_back(file.string());
        if (r.depth) {
            writeWithDepth(*renderer, camera, options, behind, r, file);
            size = {camera.width, camera.height};
        } else {
            const Image image = draw(*renderer, camera, options, behind, focus, r);
            size = {image.width(), image.height()};
            DepthRange range;
            if (plane == Plane::Depth || plane == Plane::MedianDepth) {
                range = depthRange(image);
                ranges.push_back({{"near", range.near}, {"far", range.far}});
            }
            if (plane == Plane::Color) writeStill(image, r, file, behind.has_value());
            else writePlane(image, plane, range, file);
        }
        for (const StageTime& t : renderer->lastTimes()) times[t.stage] = times.value(t.stage, 0.0) + t.milliseconds;
        if (!r.json) std::printf("%s\n", file.c_str());
    }
    if (!r.json) return kDone;
    std::size_t fields = 0;
    for (const SplatLayer& layer : scene.layers) fields += layer.cloud.fields().size();
    Json report{{"ok", true}, {"renderer", renderer->name()}, {"splats", scene.count()}, {"fields", fields}, {"width", size.width}, {"height", size.height},
                {"pass", r.pass}, {"files", std::move(files)}, {"milliseconds", std::move(times)}};
    if (!ranges.empty()) report["depth_ranges"] = std::move(ranges); // one a picture
    printJson(report);
    return kDone;
}

} // namespace

void addRender(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("render", "Take pictures of a scene");
    auto request = std::make_shared<RenderRequest>();
    addRenderOptions(*sub, *request);
    sub->callback([request, &chosen] {
        request->scene = request->scenes.front();
        chosen = [request] { return run(*request); };
    });
}

} // namespace ochre::app
