// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::scene {

graph::NodeDeclaration View() {
    return graph::NodeDeclaration("scene.view", 1, "View scene", "Scene")
        .describe("Shows the scene in the viewport, to be walked around in.")
        .keywords("viewer display show orbit splats")
        .input({.id = "scene", .label = "Scene", .help = "The scene to show.", .type = types::kLayers})
        .output({.id = "scene", .label = "Scene", .help = "The same scene.", .type = types::kLayers})
        .sink()
        .onRun([](graph::RunContext& run) { run.setOutput("scene", run.input("scene")); });
}

} // namespace ochre::nodes::scene
