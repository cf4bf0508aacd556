// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration FlipRotate() {
    return graph::NodeDeclaration("image.flip_rotate", 1, "Flip and rotate", "Image/Transform")
        .describe("Mirrors the picture, then turns it by quarters.")
        .keywords("mirror turn rotate flip 90")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "horizontal",
                    .label = "Left to right",
                    .help = "Mirrors left and right.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = false})
        .parameter({.id = "vertical",
                    .label = "Top to bottom",
                    .help = "Mirrors top and bottom.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = false})
        .parameter({.id = "turn",
                    .label = "Turn",
                    .help = "Clockwise.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("0"),
                    .choices = {{"0", "None"}, {"90", "90°"}, {"180", "180°"}, {"270", "270°"}}})
        .onRun([](graph::RunContext& run) {
            Image image = run.inputAs<Image>("image");
            if (run.flag("horizontal")) image = flipHorizontal(image);
            if (run.flag("vertical")) image = flipVertical(image);
            run.setOutput("image", makeImageValue(rotated(image, std::stoi(run.text("turn")) / 90)));
        });
}

} // namespace ochre::nodes::image
