// SPDX-License-Identifier: GPL-3.0-or-later
// RFDN, residual feature distillation: super-resolution with few operations.
// Paper: arXiv 2009.11551. Keys: njulj/RFDN RFDN.py, block.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"

namespace ochre::models {

class Rfdn {
public:
    static constexpr int kLeastSide = 15; ///< of a picture, for the pooling in the attention

    struct Config {
        int channels = 3; ///< of the picture
        int features = 50, distilled = 25, attention = 12, blocks = 4;
        int upscale = 4;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
    };

    Rfdn(const tensor::Weights& weights, const Config& config);

    /// image [N, C, H, W] in 0…1, sides of at least kLeastSide → [N, C, H·upscale, W·upscale], not clamped.
    nn::Tensor forward(const nn::Tensor& image) const;

private:
    struct Block {
        nn::Conv2d distill[3], refine[3], last, join;
        nn::Conv2d narrow, keep, stride, pooled, first, second, widen; ///< "esa": the attention to places
    };
    static nn::Tensor run(const Block& block, const nn::Tensor& x);
    static nn::Tensor attend(const Block& block, const nn::Tensor& x);

    Config m_config;
    nn::Conv2d m_first, m_join, m_bodyEnd, m_upsample;
    std::vector<Block> m_blocks;
};

} // namespace ochre::models
