// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

graph::NodeDeclaration Range() {
    return conditioningChanger(
               "conditioning.range", "Range of conditioning",
               "Lets a prompt act during a part of the sampling. Combine it with one for the rest.",
               "timestep start end schedule when steps")
        .parameter(share("start", "Start", "0 is the first step, where the picture is noise.", 0.0))
        .parameter(share("end", "End", "1 is the last step.", 1.0))
        .onRun([](graph::RunContext& run) {
            putConditioning(run, [&] {
                return models::withRange(conditioningInput(run), run.number("start"), run.number("end"));
            });
        });
}

} // namespace ochre::nodes::conditioning
