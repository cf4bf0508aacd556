// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration View() {
    return graph::NodeDeclaration("image.view", 1, "View", "Image")
        .describe("Shows the picture in the viewport.")
        .keywords("viewer display show preview")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .sink()
        .onRun([](graph::RunContext& run) { run.setOutput("image", run.input("image")); });
}

} // namespace ochre::nodes::image
