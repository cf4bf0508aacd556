// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Subtract() {
    return latentJoiner("latent.subtract", "Subtract latents", "The first latent less the second.",
                        "minus difference arithmetic math")
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] { return models::subtracted(latentInput(run, "a"), latentInput(run, "b")); });
        });
}

} // namespace ochre::nodes::latent
