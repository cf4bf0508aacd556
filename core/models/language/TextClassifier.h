// SPDX-License-Identifier: GPL-3.0-or-later
// Small networks that put a text into one of some classes: a table of tokens, one of four ways to mix them, the mean over
// the tokens, a linear layer. The ways: a transformer encoder (arXiv 1706.03762, norms first), LSTM, GRU, Mamba.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Attention.h"

namespace ochre::models {

class SequenceMixer;

class TextClassifier {
public:
    enum class Kind { Transformer, Lstm, Gru, Mamba };
    static constexpr int kHeads = 4; ///< of the transformer; its weights do not show them

    struct Config {
        Kind kind = Kind::Transformer;
        int vocabulary = 2, classes = 2;
        int width = 96;     ///< of the tokens
        int layers = 2;
        int inner = 384;    ///< of the transformer's feed-forward, the recurrent layers' state, Mamba's channels
        int positions = 64; ///< longest text; of the transformer alone, the others know no limit
        int heads = kHeads;
        int state = 16, rank = 6, kernel = 4; ///< of Mamba

        /// The transformer of these sizes, with a feed-forward four times as wide; or a network of another kind whose
        /// `inner` is such that it has as nearly as can be as many weights. Mamba has two blocks a layer, as its paper counts.
        static Config balanced(Kind kind, int vocabulary, int classes, int width, int layers, int positions);
        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
        std::int64_t weightCount() const;
        int features() const; ///< that are pooled
    };

    /// Throws Error where a key is missing or of another shape than expected().
    TextClassifier(const tensor::Weights& weights, const Config& config);

    /// Logits [N, classes] of ids int64 [N, T]. `mask` [N, T]: 1, and 0 where a text has ended, which changes nothing of
    /// what comes out; undefined: all are of one length. Throws Error for texts that are too long.
    nn::Tensor forward(const nn::Tensor& ids, const nn::Tensor& mask = {}) const;

    /// How much each token looks at each: [N, heads, T, T] a layer, rows sum to 1. Of the transformer; else empty.
    std::vector<nn::Tensor> attentionMaps(const nn::Tensor& ids, const nn::Tensor& mask = {}) const;

    const Config& config() const { return m_config; }

private:
    nn::Tensor embed(const nn::Tensor& ids) const;

    Config m_config;
    nn::Embedding m_tokens;
    std::shared_ptr<const SequenceMixer> m_mixer;
    nn::Linear m_head;
};

const char* nameOf(TextClassifier::Kind kind);  ///< "transformer", "lstm", "gru", "mamba"
const char* labelOf(TextClassifier::Kind kind); ///< "Transformer", "LSTM", …
const std::vector<TextClassifier::Kind>& textClassifierKinds();
TextClassifier::Kind textClassifierKind(const std::string& name); ///< throws Error

} // namespace ochre::models
