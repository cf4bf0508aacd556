// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Mask.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration Feather() {
    return graph::NodeDeclaration("mask.feather", 1, "Feather borders", "Mask")
        .describe("Fades a mask towards the borders of the picture.")
        .keywords("soften edge border fade ramp")
        .input({.id = "mask", .label = "Mask", .help = "The mask to work on.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "left",
                    .label = "Left",
                    .help = "Width of the ramp from the left border.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "top",
                    .label = "Top",
                    .help = "Width of the ramp from the upper border.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "right",
                    .label = "Right",
                    .help = "Width of the ramp from the right border.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "bottom",
                    .label = "Bottom",
                    .help = "Width of the ramp from the lower border.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .onRun([](graph::RunContext& run) {
            const auto width = [&](const char* border) { return static_cast<int>(run.integer(border)); };
            run.setOutput("mask", makeMaskValue(featherBorders(
                                      run.inputAs<Image>("mask"),
                                      {width("left"), width("top"), width("right"), width("bottom")})));
        });
}

} // namespace ochre::nodes::mask
