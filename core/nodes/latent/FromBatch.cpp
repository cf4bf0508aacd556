// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration FromBatch() {
    return latentChanger("latent.from_batch", "Latent from batch",
                         "Takes some pictures out of a latent of several. Their noise stays what it was.",
                         "pick select index single slice")
        .parameter(whole("index", "First", "Number of the first picture, from 0.", 0,
                         {.min = 0, .max = 4095, .softMax = 63}))
        .parameter(whole("length", "Count", "How many are taken.", 1, {.min = 1, .max = 4096, .softMax = 64}))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] {
                return models::fromBatch(latentInput(run), static_cast<int>(run.integer("index")),
                                         static_cast<int>(run.integer("length")));
            });
        });
}

} // namespace ochre::nodes::latent
