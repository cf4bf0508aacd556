// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/nodes/image/Rectangle.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Crop() {
    return withRectangle(graph::NodeDeclaration("image.crop", 1, "Crop", "Image/Transform")
        .describe("Cuts out a rectangle. What reaches beyond the picture is left out.")
        .keywords("cut trim rectangle part")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage}))
        .onRun([](graph::RunContext& run) {
            run.setOutput("image", makeImageValue(cropToRectangle(run.inputAs<Image>("image"), run)));
        });
}

} // namespace ochre::nodes::image
