// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Invert() {
    return graph::NodeDeclaration("image.invert", 1, "Invert", "Image/Colour")
        .describe("Turns every colour into its opposite.")
        .keywords("negative opposite")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");
            run.setOutput("image", makeImageValue(invert(image, run.cancel())));
        });
}

} // namespace ochre::nodes::image
