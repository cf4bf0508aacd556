// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatTransform.h"

namespace ochre::nodes::scene {
namespace {

Similarity placeOf(graph::RunContext& run) {
    return {.rotation = rotationOfDegrees({run.number("turn_x"), run.number("turn_y"), run.number("turn_z")}),
            .scale = run.number("scale"),
            .translation = {run.number("x"), run.number("y"), run.number("z")}};
}

void run(graph::RunContext& run) {
    const SplatCloud parts[] = {run.inputAs<SplatCloud>("scene"), transform(run.inputAs<SplatCloud>("other"), placeOf(run))};
    run.setOutput("scene", makeSceneValue(merge(parts)));
}

graph::Parameter along(const char* id, const char* label) {
    return {.id = id, .label = label, .help = "Moves the second scene.", .defaultValue = 0.0, .softMin = -5, .softMax = 5};
}

graph::Parameter about(const char* id, const char* label) {
    return {.id = id, .label = label, .help = "Turns the second scene.", .defaultValue = 0.0, .softMin = -180, .softMax = 180, .unit = "°"};
}

} // namespace

graph::NodeDeclaration Join() {
    return graph::NodeDeclaration("scene.join", 1, "Join scenes", "Scene")
        .describe("Puts two scenes into one: splats and fields stand among each other, and each hides what is behind it.")
        .keywords("merge combine add mix splats field nerf place move")
        .input({.id = "scene", .label = "Scene", .help = "Stays where it is.", .type = types::kScene})
        .input({.id = "other", .label = "Second", .help = "Is turned, scaled and then moved.", .type = types::kScene})
        .output({.id = "scene", .label = "Scene", .help = "Both of them.", .type = types::kScene})
        .parameter(along("x", "Right"))
        .parameter(along("y", "Down"))
        .parameter(along("z", "Away"))
        .parameter({.id = "scale", .label = "Scale", .help = "Of the second scene.", .defaultValue = 1.0, .min = 1e-6, .softMin = 0.1, .softMax = 4, .unit = "×"})
        .parameter(about("turn_x", "Turn about right"))
        .parameter(about("turn_y", "Turn about down"))
        .parameter(about("turn_z", "Turn about away"))
        .onRun(run);
}

} // namespace ochre::nodes::scene
