// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

graph::NodeDeclaration Zero() {
    return conditioningChanger("conditioning.zero", "Zero conditioning",
                               "A prompt of nothing but zeros, which some models take for no prompt at all.",
                               "empty none unconditional blank")
        .onRun([](graph::RunContext& run) {
            putConditioning(run, [&] { return models::zeroed(conditioningInput(run)); });
        });
}

} // namespace ochre::nodes::conditioning
