// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Interpolate() {
    return latentJoiner("latent.interpolate", "Interpolate latents",
                        "Mixes two latents so that contrast is kept: direction and length apart.",
                        "mix slerp morph between norm")
        .parameter(share("ratio", "Share of A", "1 is the first latent alone, 0 the second.", 1.0))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] {
                return models::interpolated(latentInput(run, "a"), latentInput(run, "b"),
                                            run.number("ratio"));
            });
        });
}

} // namespace ochre::nodes::latent
