// SPDX-License-Identifier: GPL-3.0-or-later
// What Ochre's own small model looks at in place of CLIP: the states that MiniLM gives the tokens of a text.
#pragma once

#include <string>
#include <vector>

#include "core/models/diffusion/Conditioning.h"
#include "core/models/text/Prompt.h"
#include "core/models/text/SentenceEncoder.h"

namespace ochre::models {

inline constexpr int kStarterTokens = 24;         ///< longer texts are cut, shorter padded with zeros
inline constexpr std::int64_t kStarterWidth = 384; ///< of a state, by which the model is known

/// The encoder of the models folder. Throws Error where it is not there.
std::filesystem::path starterEncoderFile();
/// The same, built once.
std::shared_ptr<const SentenceEncoder> starterEncoder();

/// float32 [N, kStarterTokens, width].
nn::Tensor starterStates(const SentenceEncoder& encoder, const std::vector<std::string>& texts);

/// What a text says as a whole, for models that take a second vector: the sum of its states [N, T, width], made as long as a vector
/// of numbers of variance 1 → [N, width]. Of states that are all zero: zeros.
nn::Tensor starterVector(const nn::Tensor& states);

/// What the model is to read in place of a prompt: see StarterWords.
std::string starterReading(const SentenceEncoder& encoder, const std::string& prompt);

/// `text` as it is read, with its emphasis: the states of a token are multiplied by its weight. What is read as something else
/// keeps its weight where it has one alone.
ConditioningEntry starterEntry(const SentenceEncoder& encoder, const std::string& text, PromptStyle style);

} // namespace ochre::models
