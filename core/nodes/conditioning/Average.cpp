// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

graph::NodeDeclaration Average() {
    return conditioningMaker("conditioning.average", "Average conditioning",
                             "One prompt between two others: their encoded words are mixed.",
                             "mix blend weighted between")
        .input(socket("to", "To", "The prompt at a strength of 1.", types::kConditioning))
        .input(socket("from", "From", "The prompt at a strength of 0; of several entries the first.",
                      types::kConditioning))
        .parameter(share("strength", "Strength", "Share of the prompt at To.", 1.0))
        .onRun([](graph::RunContext& run) {
            putConditioning(run, [&] {
                return models::averaged(conditioningInput(run, "to"), conditioningInput(run, "from"),
                                        run.number("strength"));
            });
        });
}

} // namespace ochre::nodes::conditioning
