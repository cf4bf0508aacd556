// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/SceneRenderers.h"
#include "core/nodes/Types.h"
#include "core/render/Film.h"

namespace ochre::nodes::scene {
namespace {

void run(graph::RunContext& run) {
    const SplatScene scene = sceneOf(run.input("scene"));
    const ochre::Camera camera = cameraOrAll(run, scene);
    SplatOptions options;
    options.shDegree = static_cast<int>(run.integer("sh_degree"));
    const auto backdrop = backdropOf(run);
    Image image;
    drawScene(run.text("renderer"), scene, [&](Renderer& renderer) { 
        image = renderProjected(projectionOf(run), backdrop, renderer, camera, options, scene.focus(), 0, run.cancel());
    });
    run.setOutput("image", makeImageValue(straightened(image)));
}

} // namespace

graph::NodeDeclaration Render() {
    using Kind = graph::ParameterKind;
    graph::NodeDeclaration node("scene.render", 1, "Render scene", "Scene");
    node.describe("Takes a picture of a scene.")
        .keywords("draw picture image splats camera")
        .input({.id = "scene", .label = "Scene", .help = "What is drawn.", .type = types::kLayers})
        .input({.id = "camera", .label = "Camera", .help = "From where; without it, the whole scene.", .type = types::kCamera, .optional = true})
        .output({.id = "image", .label = "Image", .help = "The picture, in display sRGB.", .type = types::kImage})
        .parameter(widthParameter("Without a camera."))
        .parameter(heightParameter("Without a camera."));
    return addBackdrop(node)
        .parameter({.id = "sh_degree", .label = "SH degree", .help = "How much colours change with the direction of view; 0 is not at all.",
                    .kind = Kind::Int, .defaultValue = std::int64_t{3}, .min = 0, .max = 3, .advanced = true})
        .parameter(projectionParameter())
        .parameter(rendererParameter())
        .lane(graph::Lane::Display)
        .onRun(run);
}

} // namespace ochre::nodes::scene
