// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {

graph::NodeDeclaration LoadAutoencoder() {
    return graph::NodeDeclaration("generate.load_autoencoder", 1, "Load autoencoder", "Generate")
        .describe("An autoencoder (VAE) of a file of its own, or TAESD, which is tiny, fast and less exact.")
        .keywords("vae taesd vae loader first stage")
        .output(socket("autoencoder", "Autoencoder",
                       "What turns latents into pictures, and back.", types::kAutoencoder))
        .parameter(
            modelParameter("autoencoder", "Autoencoder", "A file from the models folder, or a path.", kAutoencoderFile))
        .parameter(precisionParameter())
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            const auto path = modelFile(run.text("autoencoder"), kAutoencoderFile);
            run.setOutput("autoencoder",
                          makeAutoencoderValue(models::Autoencoder::open(path, openOptions(run))));
        });
}

} // namespace ochre::nodes::generate
