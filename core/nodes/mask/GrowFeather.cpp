// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration GrowFeather() {
    return graph::NodeDeclaration("mask.grow_feather", 1, "Grow and feather", "Mask")
        .describe("Grows or shrinks a mask, then softens its edge.")
        .keywords("dilate erode expand shrink soften")
        .input({.id = "mask", .label = "Mask", .help = "The mask to work on.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "grow",
                    .label = "Grow",
                    .help = "Negative shrinks.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = -4096,
                    .max = 4096,
                    .softMin = -64,
                    .softMax = 64,
                    .unit = "px"})
        .parameter({.id = "feather",
                    .label = "Feather",
                    .help = "Width of the soft edge.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 4.0,
                    .min = 0,
                    .max = 4096,
                    .softMin = 0,
                    .softMax = 100,
                    .unit = "px"})
        .onRun([](graph::RunContext& run) {
            const Image& mask = run.inputAs<Image>("mask");

            const Image grown = growMask(mask, static_cast<int>(run.integer("grow")), run.cancel());
            run.setOutput("mask", makeMaskValue(featherMask(grown, static_cast<float>(run.number("feather")),
                                                            run.cancel())));
        });
}

} // namespace ochre::nodes::mask
