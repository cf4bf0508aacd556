// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Pad() {
    return graph::NodeDeclaration("image.pad", 1, "Pad", "Image/Transform")
        .describe("Adds a border.")
        .keywords("border extend canvas margin outpaint")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "left",
                    .label = "Left",
                    .help = "Pixels added on the left.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "top",
                    .label = "Top",
                    .help = "Pixels added above.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "right",
                    .label = "Right",
                    .help = "Pixels added on the right.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "bottom",
                    .label = "Bottom",
                    .help = "Pixels added below.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "mode",
                    .label = "Fill",
                    .help = "What the border shows.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("color"),
                    .choices = {{"color", "Colour"}, {"edge", "Edge pixels"}, {"mirror", "Mirror"}}})
        .parameter({.id = "color",
                    .label = "Colour",
                    .help = "Of the border.",
                    .kind = graph::ParameterKind::Color,
                    .defaultValue = graph::Color{0, 0, 0, 1},
                    .visibleWhenId = "mode",
                    .visibleWhenValues = "color"})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            const auto amount = [&](const char* side) { return static_cast<int>(run.integer(side)); };
            const std::string& mode = run.text("mode");
            run.setOutput("image", makeImageValue(pad(image, amount("left"), amount("top"), amount("right"),
                                                      amount("bottom"),
                                                      mode == "edge"     ? PadMode::Edge
                                                      : mode == "mirror" ? PadMode::Mirror
                                                                         : PadMode::Color,
                                                      run.color("color"))));
        });
}

} // namespace ochre::nodes::image
