// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Flip() {
    return latentChanger("latent.flip", "Flip latent", "Mirrors a latent.", "mirror reverse upside down")
        .parameter(choice("axis", "Direction", "Which sides change places.",
                          {{"vertical", "Top and bottom"}, {"horizontal", "Left and right"}}))
        .onRun([](graph::RunContext& run) {
            const auto axis =
                run.text("axis") == "vertical" ? models::FlipAxis::Vertical : models::FlipAxis::Horizontal;
            putLatent(run, [&] { return models::flipped(latentInput(run), axis); });
        });
}

} // namespace ochre::nodes::latent
