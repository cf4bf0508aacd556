// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

graph::NodeDeclaration Mask() {
    return conditioningChanger("conditioning.mask", "Mask of conditioning",
                               "Lets a prompt act where a mask is white. Combine it with one for the rest.",
                               "regional region area paint")
        .input(socket("mask", "Mask", "Stretched over the picture.", types::kMask))
        .parameter(strengthParameter())
        .parameter(flag(
            "bounds", "Bounds only",
            "Shows the model no more than the rectangle about the mask, as if that were the picture.", false))
        .onRun([](graph::RunContext& run) {
            putConditioning(run, [&] {
                return models::withMask(conditioningInput(run),
                                        maskTensor(run.inputAs<Image>("mask")).squeeze(1),
                                        run.number("strength"), run.flag("bounds"));
            });
        });
}

} // namespace ochre::nodes::conditioning
