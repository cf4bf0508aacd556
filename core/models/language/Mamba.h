// SPDX-License-Identifier: GPL-3.0-or-later
// The language model Mamba, whose layers scan a text once instead of comparing all its tokens. Paper: arXiv 2312.00752.
// Keys: state-spaces/mamba MambaLMHeadModel ("backbone.layers.0.mixer.in_proj.weight"), also without "backbone." as
// johnma2006/mamba-minimal has them, and huggingface/transformers' "backbone.embeddings.weight".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Attention.h"
#include "core/tensor/RmsNorm.h"

namespace ochre::models {

/// One layer's selective-scan block: between two projections a short convolution and a scan, gated.
class MambaMixer {
public:
    struct Config {
        int width = 768, inner = 1536, state = 16, rank = 48, kernel = 4;
        bool convBias = true, linearBias = false;

        /// Keys and shapes below `name` ("layers.0.mixer").
        void expect(const std::string& name, std::map<std::string, tensor::Shape>& keys) const;
        /// From the keys below `name`; nothing where they are another network's (Mamba-2 among them).
        static std::optional<Config> fromWeights(const tensor::Weights& weights, const std::string& name);
    };

    MambaMixer(const tensor::Weights& weights, const Config& config, const std::string& name);
    nn::Tensor operator()(const nn::Tensor& x) const; ///< [N, T, width] → the same; a token sees itself and those before

private:
    Config m_config;
    nn::Linear m_in;
    nn::Tensor m_kernel, m_kernelBias; ///< [inner, kernel], [inner] or undefined
    nn::Linear m_select, m_step;
    nn::Tensor m_logDecay, m_skip;     ///< [inner, state], [inner]
    nn::Linear m_out;
};

class Mamba {
public:
    struct Config {
        std::string prefix;    ///< of all names but the head's: "backbone." or none
        bool plural = false;   ///< the table is called "embeddings"
        bool ownHead = false;  ///< "lm_head.weight" is there; else the table is the head
        int vocabulary = 50280, layers = 24;
        MambaMixer::Config mixer;
        double epsilon = 1e-5;

        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
        std::string table() const; ///< name of the table of tokens
    };

    /// Throws Error where a key is missing or of another shape than expected().
    Mamba(const tensor::Weights& weights, const Config& config);

    /// Logits of the next token after each: ids int64 [N, T] → [N, T, vocabulary]. Throws Error for ids outside the table.
    nn::Tensor forward(const nn::Tensor& ids) const;

    const Config& config() const { return m_config; }

private:
    struct Layer {
        nn::RmsNorm norm;
        MambaMixer mixer;
    };

    Config m_config;
    nn::Embedding m_tokens;
    std::vector<Layer> m_layers;
    nn::RmsNorm m_norm;
    nn::Linear m_head;
};

} // namespace ochre::models
