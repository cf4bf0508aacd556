// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {

graph::NodeDeclaration LoadModel() {
    return graph::NodeDeclaration("generate.load_model", 1, "Load model", "Generate")
        .describe("The denoising network alone, of a file of its own or of a whole checkpoint.")
        .keywords("unet diffusion model unet loader safetensors")
        .output(socket("model", "Model", "What removes the noise.", types::kModel))
        .parameter(
            modelParameter("model", "Model", "A file from the models folder, or a path.", kDiffusionFile))
        .parameter(precisionParameter())
        .parameter(predictionParameter())
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            models::OpenModelOptions options = openOptions(run);
            options.prediction = predictionOption(run);
            run.setOutput("model", makeModelValue(models::DiffusionModel::open(
                                       modelFile(run.text("model"), kDiffusionFile), options)));
        });
}

} // namespace ochre::nodes::generate
