// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Add() {
    return latentJoiner("latent.add", "Add latents", "The sum of two latents.", "plus sum arithmetic math")
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] { return models::added(latentInput(run, "a"), latentInput(run, "b")); });
        });
}

} // namespace ochre::nodes::latent
