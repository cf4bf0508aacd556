// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ArchitectureParts.h"

#include "core/models/language/Mamba.h"
#include "core/models/text/Bert.h"
#include "core/models/text/ClipText.h"

namespace ochre::models {
namespace {

/// Heads, activation and end token stand in the case under the names of its reference.
ClipText::Config clipTextConfig(const tensor::Weights& weights, const Json& parityCase) {
    auto config = configOf<ClipText>(weights, "CLIP text encoder");
    const Json stated = parityCase.value("config", Json::object());
    for (const char* name : {"num_attention_heads", "transformer_heads", "heads"})
        config.heads = stated.value(name, config.heads);
    config.epsilon = stated.value("layer_norm_eps", config.epsilon);
    const auto reference = parityCase.value("reference", std::string());
    const std::string activation =
        stated.value("hidden_act", std::string(reference.starts_with("openai/CLIP")              ? "quick_gelu"
                                               : reference.starts_with("mlfoundations/open_clip") ? "gelu"
                                                                                                  : ""));
    if (!activation.empty()) config.quickGelu = activation == "quick_gelu";
    // Configs of before transformers 4.30 have 2 here, which is no end token; the largest id was pooled then.
    const int end = stated.value("eos_token_id", 2);
    config.endToken = end == 2 ? -1 : end;
    return config;
}

Tensors runClipText(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    const ClipText model(weights, clipTextConfig(weights, parityCase));
    const auto output = model.forward(input(inputs, "input_ids"),
                                      {.clipSkip = 2, .finalNorm = true, .pooled = true, .keepHidden = true});
    Tensors result{{"last_hidden_state", output.last},
                   {"penultimate_hidden_state_normed", output.states},
                   {"pooler_output", output.pooled}};
    for (std::size_t i = 0; i < output.hidden.size(); ++i)
        result.emplace("hidden_states." + std::to_string(i), output.hidden[i]);
    result.emplace("penultimate_hidden_state", output.hidden[output.hidden.size() - 2]);
    if (output.projected.defined()) result.emplace("text_embeds", output.projected);
    return result;
}

/// A case with many texts stores some of them: its notes say "rows [0, 4, 9]".
nn::Tensor rowsOf(const nn::Tensor& all, const Json& parityCase) {
    const auto notes = parityCase.value("notes", std::string());
    const std::size_t from = notes.find("rows ["), to = notes.find(']', from);
    if (from == std::string::npos || to == std::string::npos) return all;
    std::vector<nn::Tensor> rows;
    for (const Json& row : parseJson(notes.substr(from + 5, to - from - 4), "rows"))
        rows.push_back(all.narrow(0, row.get<std::int64_t>(), 1));
    return nn::cat(rows, 0);
}

Tensors runBert(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    auto config = configOf<Bert>(weights, "BERT");
    const Json stated = parityCase.value("config", Json::object());
    config.heads = stated.value("num_attention_heads", config.heads);
    config.epsilon = stated.value("layer_norm_eps", config.epsilon);
    const Bert model(weights, config);
    const nn::Tensor mask = inputOrNone(inputs, "attention_mask");
    nn::Tensor states =
        model.forward(input(inputs, "input_ids"), mask, inputOrNone(inputs, "token_type_ids"));
    const nn::Tensor mean = Bert::meanPooled(states, mask);
    Tensors result{{"mean_pooled", mean}, {"sentence_embedding", Bert::normalised(mean)}};
    if (config.pooler) result.emplace("pooler_output", model.pooled(states));
    if (mask.defined()) states = states.mul(mask.unsqueeze(-1)); // what stands at padding is not compared
    result.emplace("last_hidden_state", states);
    result.emplace("last_hidden_state_rows", rowsOf(states, parityCase));
    return result;
}

Tensors runMamba(const tensor::Weights& weights, const Json&, const Tensors& inputs) {
    return {{"logits", Mamba(weights, configOf<Mamba>(weights, "Mamba")).forward(input(inputs, "tokens"))}};
}

} // namespace

std::vector<Architecture> textArchitectures() {
    return {
        {"clip_text", recogniseAs<ClipText>, runClipText, {}, ClipText::Config::isBeside},
        {"bert", recogniseAs<Bert>, runBert, {}, Bert::Config::isBeside},
        {"mamba", recogniseAs<Mamba>, runMamba, {}, {}},
    };
}

} // namespace ochre::models
