// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Encode() {
    return graph::NodeDeclaration("latent.encode", 1, "Encode", "Latent")
        .describe("A picture as a latent, for a model to work on. Sides are cut to multiples of 8.")
        .keywords("vae encode image to latent img2img")
        .input(socket("image", "Image", "The picture; alpha is left out.", types::kImage))
        .input(socket("autoencoder", "Autoencoder", "Of the model that will sample.", types::kAutoencoder))
        .output(socket("latent", "Latent", "The picture, encoded.", types::kLatent))
        .parameter(tileParameter())
        .parameter(overlapParameter())
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            const models::AutoencodeOptions options{static_cast<int>(run.integer("tile")),
                                                    static_cast<int>(run.integer("overlap")), run.progress(),
                                                    run.cancel()};
            models::LatentBatch latent;
            latent.samples =
                autoencoderInput(run).encode(std::vector<Image>{run.inputAs<Image>("image")}, options);
            run.setOutput("latent", makeLatentValue(std::move(latent)));
        });
}

} // namespace ochre::nodes::latent
