// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    const auto path = modelFile(run.text("checkpoint"), kCheckpointFile);
    models::OpenModelOptions options = openOptions(run);
    options.prediction = predictionOption(run);
    const auto model = models::DiffusionModel::open(path, options);
    const std::string identity = models::identityOf(path, options);
    run.setOutput("text_encoder", makeTextEncoderValue(models::TextEncoder::of(*model.checkpoint, identity)));
    run.setOutput("autoencoder", makeAutoencoderValue(models::Autoencoder::of(*model.checkpoint, identity)));
    run.setOutput("model", makeModelValue(model));
}

} // namespace

graph::NodeDeclaration LoadCheckpoint() {
    return graph::NodeDeclaration("generate.load_checkpoint", 1, "Load checkpoint", "Generate")
        .describe("A Stable Diffusion checkpoint: 1, 2, XL or the XL refiner, one file or a folder of "
                  "diffusers. What a "
                  "file lacks can be loaded with the nodes beside this one.")
        .keywords("model safetensors ckpt stable diffusion sdxl open checkpoint loader")
        .output(socket("model", "Model", "What removes the noise.", types::kModel))
        .output(socket("text_encoder", "Text encoder", "What reads prompts.", types::kTextEncoder))
        .output(socket("autoencoder", "Autoencoder",
                       "What turns latents into pictures, and back.", types::kAutoencoder))
        .parameter(modelParameter("checkpoint", "Checkpoint", "A file from the models folder, or a path.",
                                  kCheckpointFile))
        .parameter(precisionParameter())
        .parameter(predictionParameter())
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::generate
