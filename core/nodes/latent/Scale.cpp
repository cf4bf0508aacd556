// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Scale() {
    return latentChanger("latent.scale", "Scale latent", "Makes a latent larger or smaller by a factor.",
                         "upscale resize enlarge hires fix by")
        .parameter(methodParameter())
        .parameter(number("factor", "Factor",
                          "New sides are the old ones times this, to whole latent pixels.", 1.5,
                          {.min = 0.01, .max = 8, .softMax = 4}))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] {
                return models::scaledBy(latentInput(run), run.number("factor"),
                                        models::latentResizeFromName(run.text("method")));
            });
        });
}

} // namespace ochre::nodes::latent
