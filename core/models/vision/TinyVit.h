// SPDX-License-Identifier: GPL-3.0-or-later
// TinyViT, the image encoder of MobileSAM: convolutions, then attention in windows, with SAM's neck behind it.
// Papers: arXiv 2207.10666, 2306.14289. Keys: ChaoningZhang/MobileSAM mobile_sam/modeling/tiny_vit_sam.py TinyViT.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/models/vision/SamImageEncoder.h"

namespace ochre::models {

class TinyVit {
public:
    static constexpr int kReduction = 16; ///< pixels of the picture a feature, each way

    struct Stage {
        int width = 64, depth = 2, inner = 256;
        int heads = 0, window = 0; ///< 0 in the first, which is of convolutions
    };
    struct Config {
        std::vector<Stage> stages; ///< four
        int outChannels = 256;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
        /// Keys that are not read: the classifier of its training and counters of batch norms.
        static bool isBeside(const std::string& key);
    };

    TinyVit(const tensor::Weights& weights, const Config& config);

    /// image [N, 3, S, S], normalised and padded, S a multiple of 16 → [N, outChannels, S/16, S/16].
    nn::Tensor forward(const nn::Tensor& image) const;
    const Config& config() const { return m_config; }

private:
    struct Bottleneck { ///< also what stands between stages
        nn::Conv2d widen, mix, narrow;
    };
    struct Block {
        int window, heads;
        nn::LayerNorm attentionNorm;
        nn::Linear qkv, out;
        nn::Tensor bias; ///< of the distance of two places in a window, [heads, window², window²]
        nn::Conv2d local;
        nn::LayerNorm norm;
        nn::Linear up, down;
    };
    static nn::Tensor run(const Bottleneck& block, const nn::Tensor& x);
    static nn::Tensor run(const Block& block, const nn::Tensor& x);

    Config m_config;
    nn::Conv2d m_patches[2];
    std::vector<Bottleneck> m_first, m_between;
    std::vector<std::vector<Block>> m_stages;
    SamNeck m_neck;
};

} // namespace ochre::models
