// SPDX-License-Identifier: GPL-3.0-or-later
// The networks of BEM, the Bayesian enhancement model for dark and underwater pictures: U-Nets of selective scans in four
// directions. The one that sees a small copy is Bayesian: it is run with the means of its weights, or with weights drawn.
// Paper: arXiv 2501.14265. Keys: BinCVER/Bayesian-Enhancement-Model basicsr/archs/UMamba_arch.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"
#include "core/tensor/Norm.h"
#include "core/tensor/SelectiveScan.h"

namespace ochre::models {

class Bem {
public:
    struct Config {
        int inChannels = 3, outChannels = 3; ///< 6: a picture, and an estimate of the result behind it
        int features = 40, stages = 1;
        std::vector<int> blocks{2, 2, 2}; ///< of each level, the bottleneck last; widths double from level to level
        int ratio = 4;                    ///< width of the feed-forward layers to that of their level
        int state = 1;                    ///< numbers of a channel in the scans
        bool bayesian = false;            ///< weights are means ("mu_weight") with spreads

        int multiple() const { return 1 << (blocks.size() - 1); } ///< sides of pictures are multiples of it
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
        static bool isBeside(const std::string& key); ///< spreads, and what is for training
    };

    Bem(const tensor::Weights& weights, const Config& config);

    /// A sample of a Bayesian network: the weights of one that is not, each drawn from its mean and spread (σ = log(1 + e^ρ)).
    static tensor::Weights drawn(const tensor::Weights& weights, std::uint64_t seed);

    /// image [N, inChannels, H, W] → [N, outChannels, H, W] of each stage.
    std::vector<nn::Tensor> forward(const nn::Tensor& image) const;

private:
    struct Direction {
        TokenLinear project, step;
        nn::Tensor a, d; ///< [C, state], [C]
    };
    struct Block {
        nn::LayerNorm norm1;
        TokenLinear in;
        nn::Conv2d around;
        std::vector<Direction> directions;
        nn::LayerNorm scanned;
        TokenLinear out;
        nn::LayerNorm norm2;
        TokenLinear up;
        nn::Conv2d gate;
        TokenLinear down;
    };
    using Level = std::vector<Block>;
    struct Down {
        nn::LayerNorm norm;
        TokenLinear reduce;
    };
    struct Up {
        nn::Conv2d shuffleIn, shuffleOut, smoothIn, smoothOut, join;
        nn::Prelu shuffleSlope, smoothSlope;
        nn::Conv2d fuse; ///< with the features of the way down
    };
    struct Stage {
        std::vector<Level> encoders, decoders;
        std::vector<Down> downs;
        std::vector<Up> ups;
        Level bottleneck;
    };

    Level readLevel(const tensor::Weights& weights, const std::string& name, int count, std::int64_t width) const;
    Stage readStage(const tensor::Weights& weights) const;
    nn::Tensor scan(const Block& block, const nn::Tensor& x) const;
    nn::Tensor run(const Level& level, const nn::Tensor& x) const;
    nn::Tensor run(const Stage& stage, const nn::Tensor& x) const;

    Config m_config;
    nn::Conv2d m_first, m_last;
    std::vector<Stage> m_stages;
};

} // namespace ochre::models
