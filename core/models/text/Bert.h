// SPDX-License-Identifier: GPL-3.0-or-later
// The text transformer BERT, and the sentence vectors of Sentence-BERT on top of it (all-MiniLM-L6-v2, bge,
// e5, …). Papers: arXiv 1810.04805, 2002.10957 (MiniLM), 1908.10084. Keys: huggingface/transformers
// models/bert/modeling_bert.py BertModel ("encoder.layer.0.attention.self.query"); pooling:
// sentence-transformers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Attention.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class Bert {
public:
    struct Config {
        std::string prefix;    ///< of all names: "bert." where the heads of pre-training may stand beside
        bool oldNorms = false; ///< norms have "gamma" and "beta", as in files that came from TensorFlow
        int vocabulary = 30522, positions = 512, types = 2;
        int width = 384, heads = 12, layers = 6, inner = 1536;
        bool pooler = true;
        double epsilon = 1e-12;

        /// Recognises the network by keys and shapes; nothing where it is another, RoBERTa among them, which
        /// has the same keys but counts positions from 2 (it is told by its single type). Files do not show
        /// the heads: they are taken to be 64 wide as Google's are; where the width is 384 (all that stem
        /// from MiniLM) or no multiple of 64, there are 12.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
        /// Keys that stand beside it and are not read: the heads of pre-training, position_ids.
        static bool isBeside(const std::string& key);
    };

    /// Throws Error where a key is missing or of another shape than expected().
    Bert(const tensor::Weights& weights, const Config& config);

    /// The last layer's states [N, T, width] of ids int64 [N, T], T ≤ positions. `mask` [N, T]: 0 where a
    /// token is padding, which no other token sees; what comes out there is of no use. `types` int64 [N, T]:
    /// which of two texts a token is of. Either may be undefined: nothing is padding; all are of type 0.
    /// Throws Error for ids and types outside their tables.
    nn::Tensor forward(const nn::Tensor& ids, const nn::Tensor& mask = {},
                       const nn::Tensor& types = {}) const;

    /// [N, T, width] → [N, width], from the first token; only where config().pooler.
    nn::Tensor pooled(const nn::Tensor& states) const;
    /// The mean of the tokens that are no padding: [N, T, width], [N, T] (or undefined) → [N, width]; 0 where
    /// all are.
    static nn::Tensor meanPooled(const nn::Tensor& states, const nn::Tensor& mask);
    /// Rows brought to length 1, after which their products are cosines: a sentence's vector is that of its
    /// mean.
    static nn::Tensor normalised(const nn::Tensor& rows);

    const Config& config() const { return m_config; }
    at::Device device() const { return m_words.table().device(); }

private:
    struct Layer {
        nn::Linear query, key, value, attentionOut;
        nn::LayerNorm attentionNorm;
        nn::Linear up, down;
        nn::LayerNorm norm;
    };
    nn::Tensor embed(const nn::Tensor& ids, const nn::Tensor& types) const;
    nn::Tensor run(const Layer& layer, const nn::Tensor& x, const nn::AttentionOptions& attention) const;

    Config m_config;
    nn::Embedding m_words, m_positions, m_types;
    nn::LayerNorm m_norm;
    std::vector<Layer> m_layers;
    nn::Linear m_pooler;
};

} // namespace ochre::models
