// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration Crop() {
    return graph::NodeDeclaration("mask.crop", 1, "Crop mask", "Mask")
        .describe("Cuts out a rectangle of a mask. What reaches beyond it is left out.")
        .keywords("cut trim rectangle part")
        .input({.id = "mask", .label = "Mask", .help = "The mask to work on.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "x",
                    .label = "Left",
                    .help = "First column of the part.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "y",
                    .label = "Top",
                    .help = "First row of the part.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "width",
                    .label = "Width",
                    .help = "Of the part; 0 goes to the right edge.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "height",
                    .label = "Height",
                    .help = "Of the part; 0 goes to the lower edge.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .onRun([](graph::RunContext& run) {
            const Image& mask = run.inputAs<Image>("mask");

            const auto x = static_cast<int>(run.integer("x")), y = static_cast<int>(run.integer("y"));
            const auto length = [](std::int64_t wanted, int from, int whole) {
                const int rest = whole - from;
                return wanted == 0 ? rest : static_cast<int>(std::min<std::int64_t>(wanted, rest));
            };
            run.setOutput("mask",
                          makeMaskValue(crop(mask, x, y, length(run.integer("width"), x, mask.width()),
                                             length(run.integer("height"), y, mask.height()))));
        });
}

} // namespace ochre::nodes::mask
