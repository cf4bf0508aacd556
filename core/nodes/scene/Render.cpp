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
    const SplatCloud& cloud = run.inputAs<SplatCloud>("scene");
    const ochre::Camera camera = cameraOrAll(run, cloud);
    SplatOptions options;
    options.shDegree = static_cast<int>(run.integer("sh_degree"));
    if (!run.flag("transparent")) {
        const graph::Color c = run.color("background");
        options.background = {{c[0], c[1], c[2]}};
    }
    Image image;
    drawScene(run.text("renderer"), cloud, [&](Renderer& renderer) { image = renderer.renderSplats(camera, options, run.cancel()); });
    run.setOutput("image", makeImageValue(straightened(image)));
}

} // namespace

graph::NodeDeclaration Render() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("scene.render", 1, "Render scene", "Scene")
        .describe("Takes a picture of a scene.")
        .keywords("draw picture image splats camera")
        .input({.id = "scene", .label = "Scene", .help = "What is drawn.", .type = types::kScene})
        .input({.id = "camera", .label = "Camera", .help = "From where; without it, the whole scene.", .type = types::kCamera, .optional = true})
        .output({.id = "image", .label = "Image", .help = "The picture, in display sRGB.", .type = types::kImage})
        .parameter(widthParameter("Without a camera."))
        .parameter(heightParameter("Without a camera."))
        .parameter({.id = "transparent", .label = "Transparent", .help = "Leaves out the background.", .kind = Kind::Bool, .defaultValue = false})
        .parameter({.id = "background", .label = "Background", .help = "Behind the scene.", .kind = Kind::Color,
                    .defaultValue = graph::Color{0, 0, 0, 1}, .visibleWhenId = "transparent", .visibleWhenValues = "false"})
        .parameter({.id = "sh_degree", .label = "SH degree", .help = "How much colours change with the direction of view; 0 is not at all.",
                    .kind = Kind::Int, .defaultValue = std::int64_t{3}, .min = 0, .max = 3, .advanced = true})
        .parameter(rendererParameter())
        .lane(graph::Lane::Display)
        .onRun(run);
}

} // namespace ochre::nodes::scene
