// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration Threshold() {
    return graph::NodeDeclaration("mask.threshold", 1, "Threshold", "Mask")
        .describe("White where the mask is at least the level, black elsewhere.")
        .keywords("binary cut level")
        .input({.id = "mask", .label = "Mask", .help = "The mask to work on.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "level",
                    .label = "Level",
                    .help = "From here on it is white.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.5,
                    .min = 0,
                    .max = 1})
        .parameter({.id = "softness",
                    .label = "Softness",
                    .help = "Width of the ramp about the level; 0 is a hard step.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = 0,
                    .max = 1})
        .onRun([](graph::RunContext& run) {
            const Image& mask = run.inputAs<Image>("mask");

            run.setOutput("mask",
                          makeMaskValue(threshold(mask, static_cast<float>(run.number("level")),
                                                  static_cast<float>(run.number("softness")), run.cancel())));
        });
}

} // namespace ochre::nodes::mask
