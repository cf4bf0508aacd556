// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

graph::NodeDeclaration Concat() {
    return conditioningMaker("conditioning.concat", "Concatenate conditioning",
                             "Puts the words of one prompt behind those of another, as one longer prompt.",
                             "append join break longer")
        .input(socket("to", "To", "The prompt that is made longer.", types::kConditioning))
        .input(socket("from", "From", "What is put behind it; of several entries the first.",
                      types::kConditioning))
        .onRun([](graph::RunContext& run) {
            putConditioning(run, [&] {
                return models::concatenated(conditioningInput(run, "to"), conditioningInput(run, "from"));
            });
        });
}

} // namespace ochre::nodes::conditioning
