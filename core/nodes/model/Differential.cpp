// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/model/ModelNode.h"

namespace ochre::nodes::model {

graph::NodeDeclaration Differential() {
    return modelChanger(
               "model.differential", "Differential diffusion",
               "Reads the grey of a noise mask as when a place begins to change, for soft transitions.",
               "inpaint soft mask gradual change map")
        .parameter(share("strength", "Strength", "Less mixes with the usual use of the mask.", 1.0))
        .onRun([](graph::RunContext& run) {
            putModel(run,
                     [&](models::DiffusionModel& model) { model.differential = run.number("strength"); });
        });
}

} // namespace ochre::nodes::model
