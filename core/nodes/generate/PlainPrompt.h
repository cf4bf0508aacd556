// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts of nodes that take a text as it stands, with emphasis and embeddings but without LoRA tags.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Log.h"
#include "core/models/diffusion/TextEncoder.h"
#include "core/nodes/DiffusionValues.h"
#include "core/nodes/PromptFiles.h"

namespace ochre::nodes::generate {

/// Throws Error where `text` names a LoRA, which has no effect there.
inline void refuseLoraTags(const std::string& text) {
    const TaggedPrompt tagged = takeLoraTags(text);
    if (tagged.loras.empty()) return;
    throw Error("text: \"" + tagged.loras.front().name + "\" is named as a LoRA",
                "put the LoRA between model and prompt with the node LoRA, and take the tag out of the text");
}

/// The embeddings that the texts of these parameters name belong to the key.
inline Hash128 embeddingsIn(const graph::ParameterView& parameters, std::initializer_list<const char*> texts) {
    Hasher hasher;
    for (const char* id : texts) addEmbeddingFiles(hasher, parameters.text(id));
    return hasher.finish();
}

/// Options of "style"; the names of embeddings that were not found go to `missing`.
inline models::EncodeOptions encodeOptions(const graph::ParameterView& parameters,
                                           std::vector<std::string>& missing) {
    models::EncodeOptions options;
    options.style =
        parameters.text("style") == "a1111" ? models::PromptStyle::A1111 : models::PromptStyle::Comfy;
    options.missing = &missing;
    return options;
}

/// Puts `sizes` to each entry, says which embeddings are missing and puts the prompt out.
inline void putPrompt(graph::RunContext& run, models::Conditioning conditioning,
                      const models::SdxlSizes& sizes, const std::string& text,
                      const std::vector<std::string>& missing) {
    for (const std::string& name : missing)
        log::warning("{}: the embedding \"{}\" is not there; it is left out of the prompt", run.nodeLabel(),
                     name);
    for (models::ConditioningEntry& entry : conditioning.entries) entry.sizes = sizes;
    conditioning.text = text;
    run.setOutput("conditioning", makeConditioningValue(std::move(conditioning)));
}

} // namespace ochre::nodes::generate
