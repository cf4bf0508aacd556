// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionAdapters.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    AdaptedPair pair{modelInput(run), std::nullopt};
    if (run.hasInput("text_encoder")) pair.encoder = textEncoderInput(run);
    const double text = pair.encoder ? run.number("strength_text") : 0;
    pair = withAdapter(std::move(pair), modelFile(run.text("lora"), kLoraFile),
                       {run.number("strength_model"), text});
    run.setOutput("model", makeModelValue(std::move(*pair.model)));
    if (pair.encoder) run.setOutput("text_encoder", makeTextEncoderValue(std::move(*pair.encoder)));
}

graph::Parameter strength(const char* id, const char* label, const char* help) {
    return {.id = id,
            .label = label,
            .help = help,
            .defaultValue = 1.0,
            .min = -100,
            .max = 100,
            .softMin = -2,
            .softMax = 2};
}

} // namespace

graph::NodeDeclaration Lora() {
    return graph::NodeDeclaration("generate.lora", 1, "LoRA", "Generate")
        .describe("Puts a LoRA or LyCORIS file on top of the model and its text encoder. Several may follow "
                  "each other.")
        .keywords("lora lycoris locon loha dora adapter style load lora")
        .input(socket("model", "Model", "The model to change.", types::kModel))
        .input(optional(socket("text_encoder", "Text encoder",
                               "Its text encoder, where the file changes that, too.", types::kTextEncoder)))
        .output(socket("model", "Model", "The model with the LoRA on top.", types::kModel))
        .output(socket("text_encoder", "Text encoder",
                       "The text encoder with the LoRA on top.", types::kTextEncoder))
        .parameter(modelParameter("lora", "LoRA", "A file from the models folder, or a path.", kLoraFile))
        .parameter(strength("strength_model", "Strength",
                            "Of the changes to the model; negative ones turn them round."))
        .parameter(strength("strength_text", "Text strength", "Of the changes to the text encoder."))
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::generate
