// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Blend() {
    return latentJoiner("latent.blend", "Blend latents", "Mixes two latents value by value.",
                        "mix lerp crossfade")
        .parameter(share("factor", "Share of A", "1 is the first latent alone, 0 the second.", 0.5))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] {
                return models::blended(latentInput(run, "a"), latentInput(run, "b"), run.number("factor"));
            });
        });
}

} // namespace ochre::nodes::latent
