// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/StarterText.h"

#include <cmath>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/models/diffusion/Networks.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr const char* kEncoderName = "all-minilm-l6-v2";

} // namespace

std::filesystem::path starterEncoderFile() {
    const std::filesystem::path file = paths::findModel(kEncoderName, "text_encoders");
    if (file.empty())
        throw Error(std::string("text encoder \"") + kEncoderName + "\": is not in the models folder",
                    "run ./installer/run again with a network: it brings the encoder");
    return file;
}

std::shared_ptr<const SentenceEncoder> starterEncoder() {
    const std::filesystem::path file = starterEncoderFile();
    return Networks::shared().get<SentenceEncoder>(
        NetworkKind::Text, file.string(), std::filesystem::file_size(file),
        [&] { return std::make_shared<const SentenceEncoder>(SentenceEncoder::open(file)); });
}

nn::Tensor starterStates(const SentenceEncoder& encoder, const std::vector<std::string>& texts) {
    return encoder.encode(texts, {.tokens = kStarterTokens}, tensor::currentCancel()).states;
}

nn::Tensor starterVector(const nn::Tensor& states) {
    const nn::Tensor sum = states.to(at::kFloat).sum(1);
    const nn::Tensor length = sum.square().sum(1, true).sqrt().clamp_min(1e-6);
    return sum.div(length).mul(std::sqrt(static_cast<double>(states.size(2))));
}

ConditioningEntry starterEntry(const SentenceEncoder& encoder, const std::string& text, PromptStyle style) {
    std::string plain;
    std::vector<float> weights{1}; // of [CLS]
    for (const PromptSegment& segment : parseEmphasis(text, style)) {
        plain += segment.text;
        weights.insert(weights.end(), encoder.tokenizer().encode(segment.text).size(), static_cast<float>(segment.weight));
    }
    ConditioningEntry entry;
    entry.states = starterStates(encoder, {plain});
    // A weight that begins within a word makes other tokens of it: then all weigh the same.
    const std::size_t tokens = encoder.tokenizer().encode(plain).size();
    if (weights.size() == tokens + 1)
        for (std::size_t i = 0; i < weights.size() && i < static_cast<std::size_t>(kStarterTokens); ++i)
            entry.states.narrow(1, static_cast<std::int64_t>(i), 1).mul_(weights[i]);
    return entry;
}

} // namespace ochre::models
