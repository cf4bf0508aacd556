// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Mask.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration Solid() {
    return graph::NodeDeclaration("mask.solid", 1, "Solid mask", "Mask")
        .describe("A mask of one value.")
        .keywords("constant fill white black empty")
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "value",
                    .label = "Value",
                    .help = "Of every pixel: 1 is chosen, 0 is not.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 1})
        .parameter(pixels("width", "Width", "Of the mask.", 512, {.min = 1}))
        .parameter(pixels("height", "Height", "Of the mask.", 512, {.min = 1}))
        .onRun([](graph::RunContext& run) {
            run.setOutput("mask", makeMaskValue(solidMask(static_cast<int>(run.integer("width")),
                                                          static_cast<int>(run.integer("height")),
                                                          static_cast<float>(run.number("value")))));
        });
}

} // namespace ochre::nodes::mask
