// SPDX-License-Identifier: GPL-3.0-or-later
// The transformer of Diff-Retinex, a relative of Restormer with three levels: it takes the light out of a picture, looking at
// three sizes of surroundings, or refines an estimate of the reflectance, told how much noise was in it.
// Paper: arXiv 2308.13164. Keys: XunpengYi/Diff-Retinex model/Diff_TDN/TDN_network.py ("TDN_R."),
// model/Diff_RDA/model/sr3_modules/restormer_arch.py.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class RetinexTransformer {
public:
    /// Blocks and heads are of the three levels down, of the three up, the lowest first, and of the refinement.
    struct Config {
        int inChannels = 3, outChannels = 3;
        int width = 24; ///< of the first level; each has twice that of the one before
        std::array<int, 7> blocks{}, heads{}, hidden{};
        bool wide = false;  ///< attention is to surroundings of 3, 5 and 7 pixels
        bool noisy = false; ///< told a level of noise
        std::array<bool, 7> toldAt{}; ///< behind which of the stages

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
        int widthOf(std::size_t stage) const;
    };

    RetinexTransformer(const tensor::Weights& weights, const Config& config);

    /// x [N, inChannels, H, W], sides multiples of 4; level [N, 1] = √ᾱ, of networks that are told it → [N, outChannels, H, W].
    nn::Tensor forward(const nn::Tensor& x, const nn::Tensor& level = {}) const;

private:
    struct Block {
        nn::LayerNorm norm1;
        TokenLinear queryKeyValue;
        std::vector<nn::Conv2d> around;   ///< a kernel a channel
        std::vector<TokenLinear> gather;  ///< query, key, value from all sizes of surroundings; of wide networks
        nn::Tensor temperature;           ///< [heads, 1, 1]
        TokenLinear project;
        nn::LayerNorm norm2;
        TokenLinear up;
        nn::Conv2d mix;
        TokenLinear down;
    };
    struct Stage {
        std::vector<Block> blocks;
        nn::Linear noise;
    };

    Stage readStage(const tensor::Weights& weights, std::size_t index) const;
    static nn::Tensor attend(const Block& block, const nn::Tensor& x);
    nn::Tensor run(std::size_t stage, nn::Tensor x, const nn::Tensor& noise) const;

    Config m_config;
    nn::Linear m_noiseUp, m_noiseDown;
    nn::Conv2d m_first;
    std::array<Stage, 7> m_stages;
    std::array<nn::Conv2d, 2> m_halve, m_double;
    TokenLinear m_reduce;
    nn::Conv2d m_last;
};

} // namespace ochre::models
