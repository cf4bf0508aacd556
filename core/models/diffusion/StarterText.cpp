// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/StarterText.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/models/diffusion/Networks.h"
#include "core/models/diffusion/StarterWords.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr const char* kEncoderName = "all-minilm-l6-v2";

std::vector<PromptSegment> readSegments(const SentenceEncoder& encoder, std::vector<PromptSegment> written) {
    const auto words = StarterWords::own();
    if (!words) return written;
    std::string plain;
    std::vector<double> weights; // of bytes
    for (const PromptSegment& segment : written) {
        plain += segment.text;
        weights.insert(weights.end(), segment.text.size(), segment.weight);
    }
    const std::vector<WordReading> readings = words->readings(encoder, plain);
    if (readings.empty()) return written;
    std::vector<PromptSegment> read;
    const auto add = [&](std::string_view text, double weight) {
        if (read.empty() || read.back().weight != weight) read.push_back({.text = {}, .weight = weight});
        read.back().text += text;
    };
    std::size_t at = 0;
    const auto keep = [&](std::size_t end) {
        for (; at < end; ++at) add(std::string_view(plain).substr(at, 1), weights[at]);
    };
    for (const WordReading& reading : readings) {
        keep(reading.begin);
        const bool one = std::all_of(weights.begin() + static_cast<std::ptrdiff_t>(reading.begin),
                                     weights.begin() + static_cast<std::ptrdiff_t>(reading.end),
                                     [&](double weight) { return weight == weights[reading.begin]; });
        add(reading.text, one ? weights[reading.begin] : 1);
        at = reading.end;
    }
    keep(plain.size());
    return read;
}

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

std::string starterReading(const SentenceEncoder& encoder, const std::string& prompt) {
    const auto words = StarterWords::own();
    return words ? words->read(encoder, prompt) : prompt;
}

ConditioningEntry starterEntry(const SentenceEncoder& encoder, const std::string& text, PromptStyle style) {
    std::string plain;
    std::vector<float> weights{1}; // of [CLS]
    for (const PromptSegment& segment : readSegments(encoder, parseEmphasis(text, style))) {
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
