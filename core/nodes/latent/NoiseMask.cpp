// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration NoiseMask() {
    return latentChanger("latent.noise_mask", "Set noise mask",
                         "Says which part of a latent is sampled anew; the rest stays as it is.",
                         "inpaint mask area keep")
        .input(socket("mask", "Mask", "White is sampled anew. It may have any size.", types::kMask))
        .onRun([](graph::RunContext& run) {
            models::LatentBatch latent = latentInput(run);
            latent.noiseMask = maskTensor(run.inputAs<Image>("mask"));
            run.setOutput("latent", makeLatentValue(std::move(latent)));
        });
}

} // namespace ochre::nodes::latent
