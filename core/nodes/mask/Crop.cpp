// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/nodes/image/Rectangle.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration Crop() {
    return withRectangle(graph::NodeDeclaration("mask.crop", 1, "Crop mask", "Mask")
        .describe("Cuts out a rectangle of a mask. What reaches beyond it is left out.")
        .keywords("cut trim rectangle part")
        .input({.id = "mask", .label = "Mask", .help = "The mask to work on.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask}))
        .onRun([](graph::RunContext& run) {
            run.setOutput("mask", makeMaskValue(cropToRectangle(run.inputAs<Image>("mask"), run)));
        });
}

} // namespace ochre::nodes::mask
