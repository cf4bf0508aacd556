// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/models/text/PromptSchedule.h"
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionAdapters.h"
#include "core/nodes/PromptFiles.h"

namespace ochre::nodes::generate {
namespace {
namespace fs = std::filesystem;

TaggedPrompt tagged(const graph::ParameterView& p) {
    models::checkPromptLength(p.text("text"));
    return takeLoraTags(
        models::expandWildcards(p.text("text"), static_cast<std::uint64_t>(p.integer("seed"))));
}

/// The files that the text names belong to the key.
Hash128 fingerprint(const graph::ParameterView& p) {
    Hasher hasher;
    try {
        const TaggedPrompt prompt = tagged(p);
        for (const LoraTag& tag : prompt.loras) addFile(hasher, loraFile(tag.name));
        addEmbeddingFiles(hasher, prompt.text);
    } catch (const Error&) { // the run will say it
    }
    return hasher.finish();
}

void run(graph::RunContext& run) {
    const TaggedPrompt prompt = tagged(run);
    AdaptedPair pair{std::nullopt, textEncoderInput(run)};
    if (run.hasInput("model")) pair.model = modelInput(run);
    for (const LoraTag& tag : prompt.loras) {
        if (!pair.model)
            throw Error(fmt::format("the prompt names the LoRA \"{}\", but no model is linked", tag.name),
                        "link the model to this node and go on from its model output, or use the LoRA node");
        const fs::path path = loraFile(tag.name);
        if (path.empty())
            throw Error(fmt::format("the LoRA \"{}\" is not there", tag.name),
                        (tag.name.find('/') == std::string::npos ? "correct its name, or put the file into "
                                                                 : "name it without a folder, and put the file into ") +
                            (paths::models() / "loras").string());
        pair = withAdapter(std::move(pair), path, {tag.modelWeight, tag.textWeight});
    }
    models::EncodeOptions options;
    options.style = run.text("style") == "a1111" ? models::PromptStyle::A1111 : models::PromptStyle::Comfy;
    options.steps = static_cast<int>(run.integer("steps"));
    std::vector<std::string> missing;
    options.missing = &missing;
    models::Conditioning conditioning = pair.encoder->encode(prompt.text, options, run.cancel());
    for (const std::string& name : missing)
        log::warning("{}: the embedding \"{}\" is not there; it is left out of the prompt", run.nodeLabel(),
                     name);
    conditioning.text = run.text("text");
    run.setOutput("conditioning", makeConditioningValue(std::move(conditioning)));
    if (pair.model) run.setOutput("model", makeModelValue(std::move(*pair.model)));
}

} // namespace

graph::NodeDeclaration Prompt() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("generate.prompt", 2, "Prompt", "Generate")
        .describe(
            "Turns words into what steers a model. (word:1.2) weighs more, {a|b} is chosen by the seed, "
            "embedding:name is a textual inversion, <lora:name:0.8> puts a LoRA on the model that is linked.")
        .keywords("clip text encode prompt positive negative words lora embedding wildcard")
        .input(socket("text_encoder", "Text encoder", "What reads the prompt.", types::kTextEncoder))
        .input(optional(socket("model", "Model",
                               "Only for <lora:…> in the text: it comes out with them on top.",
                               types::kModel)))
        .output(socket("conditioning", "Conditioning", "The prompt, encoded.", types::kConditioning))
        .output(socket("model", "Model", "The linked model with the prompt's LoRAs.", types::kModel))
        .parameter(longText("text", "Prompt", "What the picture is to show, or not to show."))
        .parameter(promptStyleParameter())
        .parameter({.id = "seed",
                    .label = "Seed",
                    .help = "Chooses among {a|b}.",
                    .kind = Kind::Seed,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .advanced = true})
        .parameter({.id = "steps",
                    .label = "Steps",
                    .help = "Of the sampler, for [a:b:10] in AUTOMATIC1111's style.",
                    .kind = Kind::Int,
                    .defaultValue = std::int64_t{20},
                    .min = 1,
                    .max = 10000,
                    .softMax = 60,
                    .advanced = true})
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onFingerprint(fingerprint)
        .onRun(run);
}

} // namespace ochre::nodes::generate
