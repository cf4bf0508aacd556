// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Mask.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration Feather() {
    constexpr Range kRamp{.softMax = 1024};
    return graph::NodeDeclaration("mask.feather", 1, "Feather borders", "Mask")
        .describe("Fades a mask towards the borders of the picture.")
        .keywords("soften edge border fade ramp")
        .input({.id = "mask", .label = "Mask", .help = "The mask to work on.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter(pixels("left", "Left", "Width of the ramp from the left border.", 0, kRamp))
        .parameter(pixels("top", "Top", "Width of the ramp from the upper border.", 0, kRamp))
        .parameter(pixels("right", "Right", "Width of the ramp from the right border.", 0, kRamp))
        .parameter(pixels("bottom", "Bottom", "Width of the ramp from the lower border.", 0, kRamp))
        .onRun([](graph::RunContext& run) {
            const auto width = [&](const char* border) { return static_cast<int>(run.integer(border)); };
            run.setOutput("mask", makeMaskValue(featherBorders(
                                      run.inputAs<Image>("mask"),
                                      {width("left"), width("top"), width("right"), width("bottom")})));
        });
}

} // namespace ochre::nodes::mask
