// SPDX-License-Identifier: GPL-3.0-or-later
// Restormer: removes rain, motion blur, defocus and noise, with attention among channels in place of pixels.
// Paper: arXiv 2111.09881. Keys: those of the released weights of swz30/Restormer.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"
#include "core/tensor/Norm.h"
#include "core/tensor/ScaleNorm.h"

namespace ochre::models {

class Restormer {
public:
    struct Config {
        int inChannels = 3, outChannels = 3;
        int width = 48; ///< of the first level; each has twice that of the one before
        std::array<int, 4> blocks{4, 6, 6, 8}, heads{1, 2, 4, 8}, hidden{127, 255, 510, 1021};
        std::array<int, 3> decoders{4, 6, 6}; ///< blocks of each level on the way back
        int refinement = 4;
        bool normBias = true;   ///< "WithBias"; else the mean stays in and nothing is added ("BiasFree")
        bool bias = false;      ///< of the convolutions
        bool dualPixel = false; ///< sees two views, and adds its first features in place of the picture

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
    };

    Restormer(const tensor::Weights& weights, const Config& config);

    /// image [N, inChannels, H, W] in 0…1, H and W multiples of 8 → [N, outChannels, H, W], not clamped.
    nn::Tensor forward(const nn::Tensor& image) const;

private:
    /// Over the channels of tokens: "body.weight" [C], and "body.bias" unless the mean stays in.
    class Norm {
    public:
        Norm(const tensor::Weights& weights, const std::string& name);
        nn::Tensor operator()(const nn::Tensor& x) const;

    private:
        bool m_keepsMean;
        nn::LayerNorm m_centring;
        nn::ScaleNorm m_scaling;
    };
    struct Block {
        Norm norm1;
        TokenLinear queryKeyValue;
        nn::Conv2d aroundQueryKeyValue; ///< a kernel a channel
        nn::Tensor temperature, project, projectBias; ///< [heads, 1, 1], [C, C], [C]
        Norm norm2;
        TokenLinear up;
        nn::Conv2d around;
        TokenLinear down;
    };
    using Level = std::vector<Block>;

    Level readLevel(const tensor::Weights& weights, const std::string& name, int count, std::int64_t width) const;
    static nn::Tensor attend(const Block& block, const nn::Tensor& x);
    static nn::Tensor run(const Level& level, const nn::Tensor& x);

    Config m_config;
    nn::Conv2d m_first;
    std::array<Level, 4> m_encoders; ///< the last one is "latent"
    std::array<Level, 3> m_decoders;
    std::array<nn::Conv2d, 3> m_down, m_up;
    std::array<TokenLinear, 3> m_reduce; ///< not used on the first level
    Level m_refinement;
    TokenLinear m_skip;
    nn::Conv2d m_last;
};

} // namespace ochre::models
