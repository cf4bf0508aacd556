// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Repeat() {
    return latentChanger("latent.repeat", "Repeat latent", "The pictures of a latent several times over.",
                         "batch copies amount duplicate")
        .parameter(
            whole("count", "Times", "How often they are there.", 1, {.min = 1, .max = 64, .softMax = 16}))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] {
                return models::repeated(latentInput(run), static_cast<int>(run.integer("count")));
            });
        });
}

} // namespace ochre::nodes::latent
