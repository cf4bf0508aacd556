// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Batch() {
    return latentJoiner("latent.batch", "Batch latents", "The pictures of two latents one after the other.",
                        "join append together list")
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] { return models::batched(latentInput(run, "a"), latentInput(run, "b")); });
        });
}

} // namespace ochre::nodes::latent
