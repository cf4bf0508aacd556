// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {

graph::NodeDeclaration LoadTextEncoder() {
    return graph::NodeDeclaration("generate.load_text_encoder", 1, "Load text encoder", "Generate")
        .describe("CLIP text encoders of files of their own: one for Stable Diffusion 1 or 2, two for SDXL.")
        .keywords("clip openclip dual clip loader text")
        .output(socket("text_encoder", "Text encoder", "What reads prompts.", types::kTextEncoder))
        .parameter(modelParameter("encoder", "Encoder", "A file from the models folder, or a path.",
                                  kTextEncoderFile))
        .parameter(modelParameter("second", "Second",
                                  "The other encoder of SDXL; empty for Stable Diffusion 1 and 2.",
                                  kTextEncoderFile))
        .parameter(precisionParameter())
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            const auto first = modelFile(run.text("encoder"), kTextEncoderFile);
            const std::string& second = run.text("second");
            const auto other =
                second.empty() ? std::filesystem::path() : modelFile(second, kTextEncoderFile, "second text encoder");
            run.setOutput("text_encoder",
                          makeTextEncoderValue(models::TextEncoder::open(first, other, openOptions(run))));
        });
}

} // namespace ochre::nodes::generate
