// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration Invert() {
    return graph::NodeDeclaration("mask.invert", 1, "Invert mask", "Mask")
        .describe("Chosen becomes not chosen.")
        .keywords("negative opposite reverse")
        .input({.id = "mask", .label = "Mask", .help = "The mask to work on.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .onRun([](graph::RunContext& run) {
            run.setOutput("mask", makeMaskValue(invert(run.inputAs<Image>("mask"), run.cancel())));
        });
}

} // namespace ochre::nodes::mask
