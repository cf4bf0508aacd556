// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/ModelFolder.h"
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"
#include "core/nodes/PromptFiles.h"

namespace ochre::nodes::generate {
namespace {

std::string chosen(const graph::ParameterView& p) {
    const std::string& name = p.text("checkpoint");
    return name.empty() ? library::usualCheckpoint().string() : name;
}

/// Of a file that is named, the parameter's own key knows.
Hash128 fingerprint(const graph::ParameterView& p) {
    Hasher hasher;
    if (p.text("checkpoint").empty()) addFile(hasher, chosen(p));
    return hasher.finish();
}

void run(graph::RunContext& run) {
    const auto path = modelFile(chosen(run), kCheckpointFile);
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
                  "diffusers; or the starter model that comes with Ochre. What a file lacks can be loaded with "
                  "the nodes beside this one.")
        .keywords("model safetensors ckpt stable diffusion sdxl open checkpoint loader")
        .output(socket("model", "Model", "What removes the noise.", types::kModel))
        .output(socket("text_encoder", "Text encoder", "What reads prompts.", types::kTextEncoder))
        .output(socket("autoencoder", "Autoencoder",
                       "What turns latents into pictures, and back.", types::kAutoencoder))
        .parameter(modelParameter("checkpoint", "Checkpoint",
                                  "A file from the models folder, or a path. Without one it is the first of your own, "
                                  "or the small model that comes with Ochre.",
                                  kCheckpointFile))
        .parameter(precisionParameter())
        .parameter(predictionParameter())
        .needsRuntime()
        .onFingerprint(fingerprint)
        .onRun(run);
}

} // namespace ochre::nodes::generate
