// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Mask.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration FromColor() {
    return graph::NodeDeclaration("mask.from_color", 1, "Colour to mask", "Mask")
        .describe("Chooses the pixels of one colour, as they are in 8 bits.")
        .keywords("color key chroma select pick")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "color",
                    .label = "Colour",
                    .help = "The colour to choose.",
                    .kind = graph::ParameterKind::Color,
                    .defaultValue = graph::Color{1, 1, 1, 1}})
        .parameter({.id = "tolerance",
                    .label = "Tolerance",
                    .help = "How far each channel may be off.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = 0,
                    .max = 1})
        .onRun([](graph::RunContext& run) {
            run.setOutput("mask", makeMaskValue(maskOfColor(run.inputAs<Image>("image"), run.color("color"),
                                                            static_cast<float>(run.number("tolerance")),
                                                            run.cancel())));
        });
}

} // namespace ochre::nodes::mask
