// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/SceneRenderers.h"
#include "core/nodes/OutputPath.h"
#include "core/nodes/Types.h"
#include "core/render/Film.h"

namespace ochre::nodes::scene {
namespace {

std::unique_ptr<Renderer> open(const std::string& which) {
    if (which == "vulkan") return makeVulkanRenderer();
    if (which == "cpu") return makeCpuRenderer();
    return makeRenderer();
}

void run(graph::RunContext& run) {
    const SplatScene scene = sceneOf(run.input("scene"));
    const auto& path = run.inputAs<ochre::CameraPath>("camera_path");
    const auto total = static_cast<std::int64_t>(path.frames());
    const std::int64_t first = run.integer("first"), last = run.integer("last") == 0 ? total : std::min(run.integer("last"), total);
    if (first > last) throw Error(fmt::format("frames {} to {}: the path has {}", first, last, total), "choose from these");
    Film film{.output = outputPath(run, "path"), .first = static_cast<int>(first), .fps = path.fps, .bitDepth = std::stoi(run.text("bits"))};
    const double nearest = std::min(ochre::Camera().near, scene.focus().radius / 20);
    for (std::int64_t i = first; i <= last; ++i)
        film.cameras.push_back(path.at(path.timeOf(static_cast<std::size_t>(i - 1)))
                                   .camera(static_cast<int>(run.integer("width")), static_cast<int>(run.integer("height")), nearest));
    film.backdrop = backdropOf(run);
    film.projection = projectionOf(run);
    checkFilm(film);
    const auto renderer = open(run.text("renderer"));
    renderFilm(*renderer, itemsOf(scene), film, [&](const FilmState& s) {
        run.progress().report(s.done, s.total, fmt::format("frame {} of {}", s.done, s.total));
        run.waitWhilePaused();
    }, run.cancel());
    const std::string output = film.output.string();
    run.setOutput("path", graph::Value::make(graph::types::kText, output, output.size()));
}

} // namespace

graph::NodeDeclaration RenderFilm() {
    using Kind = graph::ParameterKind;
    graph::NodeDeclaration node("scene.render_film", 1, "Render film", "Scene");
    node.describe("Films a scene along a camera path, into a video or a sequence of pictures. After a break it goes on where it was.")
        .keywords("video animation movie mp4 mov prores exr sequence frames turntable")
        .input({.id = "scene", .label = "Scene", .help = "What is filmed.", .type = types::kLayers})
        .input({.id = "camera_path", .label = "Path", .help = "Where the camera goes.", .type = types::kCameraPath})
        .output({.id = "path", .label = "File", .help = "The video, or the name of the pictures.", .type = graph::types::kText})
        .parameter({.id = "path", .label = "File", .help = "film.mp4 (H.264), film.mov (ProRes), or pictures such as frames/%04d.exr, which hold depth too.",
                    .kind = Kind::SaveFile, .defaultValue = std::string(), .filter = "Films (*.mp4 *.mov *.png *.exr *.jpg *.webp *.tif)"})
        .parameter(widthParameter("Of a frame."))
        .parameter(heightParameter("Of a frame."))
        .parameter({.id = "first", .label = "First frame", .help = "From 1.", .kind = Kind::Int, .defaultValue = std::int64_t{1},
                    .min = 1, .max = 20'000'000, .softMax = 300})
        .parameter({.id = "last", .label = "Last frame", .help = "0 is the last of the path.", .kind = Kind::Int, .defaultValue = std::int64_t{0},
                    .min = 0, .max = 20'000'000, .softMax = 300});
    return addBackdrop(node)
        .parameter(projectionParameter())
        .parameter({.id = "bits", .label = "Bits", .help = "A channel of pictures.", .kind = Kind::Choice, .defaultValue = std::string("0"),
                    .choices = {{"0", "Usual"}, {"8", "8"}, {"16", "16 (EXR: half)"}, {"32", "32 (float)"}}, .advanced = true})
        .parameter({.id = "renderer", .label = "Renderer", .help = "What draws.", .kind = Kind::Choice, .defaultValue = std::string("auto"),
                    .choices = {{"auto", "The fastest"}, {"vulkan", "Vulkan"}, {"cpu", "CPU (exact, slow)"}}, .advanced = true})
        .lane(graph::Lane::Display)
        .sink()
        .uncached()
        .onRun(run);
}

} // namespace ochre::nodes::scene
