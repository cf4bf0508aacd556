// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Multiply() {
    return latentChanger("latent.multiply", "Multiply latent",
                         "Makes the values of a latent larger or smaller.",
                         "scale factor strength arithmetic math")
        .parameter(number("factor", "Factor", "What every value is multiplied by.", 1.0,
                          {.min = -10, .max = 10, .softMax = 10}))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] { return models::multiplied(latentInput(run), run.number("factor")); });
        });
}

} // namespace ochre::nodes::latent
