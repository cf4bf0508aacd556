// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

graph::NodeDeclaration Combine() {
    return conditioningMaker("conditioning.combine", "Combine conditioning",
                             "Lets both prompts act at once: their predictions are averaged.",
                             "join both and regional")
        .input(socket("a", "A", "The first prompt.", types::kConditioning))
        .input(socket("b", "B", "The second prompt.", types::kConditioning))
        .onRun([](graph::RunContext& run) {
            putConditioning(run, [&] {
                return models::combined(conditioningInput(run, "a"), conditioningInput(run, "b"));
            });
        });
}

} // namespace ochre::nodes::conditioning
