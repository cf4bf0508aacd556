// SPDX-License-Identifier: GPL-3.0-or-later
// The U-Net of Diff-Retinex that tells the noise in a reflectance or an illumination, and the one without norms that
// refines an estimate of it.
// Paper: arXiv 2308.13164. Keys: XunpengYi/Diff-Retinex model/Diff_{RDA,IDA}/model/sr3_modules/{unet,consist_unet}.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class RetinexUNet {
public:
    struct Level {
        int width = 64;
        bool attention = false;
    };
    struct Config {
        int inChannels = 6, outChannels = 3;
        int inner = 64;             ///< width of the noise's level, too
        int blocks = 2;             ///< of each level on the way down; one more on the way up
        int groups = 32;            ///< of all norms; cannot be seen in the keys. Released: 32 for colours, 1 for light
        bool normed = true;         ///< else the network refines: its result is added to the last channels of x
        std::vector<Level> levels;  ///< sides are halved from each to the next

        int multiple() const { return 1 << (levels.size() - 1); } ///< sides of pictures are multiples of it
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
    };

    RetinexUNet(const tensor::Weights& weights, const Config& config);

    /// x [N, inChannels, H, W]: the condition, then what is noisy; level [N, 1] = √ᾱ → [N, outChannels, H, W].
    nn::Tensor forward(const nn::Tensor& x, const nn::Tensor& level) const;

private:
    struct Block {
        nn::GroupNorm norm;
        nn::Conv2d conv;
    };
    struct Layer { ///< either a residual block or one convolution
        bool residual = false, attention = false;
        Block first, second;
        nn::Linear noise;
        nn::Conv2d shortcut; ///< where the width changes
        nn::GroupNorm norm;
        TokenLinear queryKeyValue, out;
        nn::Conv2d conv;
    };

    Block readBlock(const tensor::Weights& weights, const std::string& name) const;
    Layer readLayer(const tensor::Weights& weights, const std::string& name, int stride) const;
    nn::Tensor run(const Block& block, const nn::Tensor& x) const;
    nn::Tensor run(const Layer& layer, const nn::Tensor& x, const nn::Tensor& noise) const;

    Config m_config;
    nn::Linear m_noiseUp, m_noiseDown;
    nn::Conv2d m_first;
    std::vector<Layer> m_downs, m_middle, m_ups;
    Block m_last;
};

/// Sines, then cosines of noise levels [N, 1] → float32 [N, width], as Diff-Retinex' networks see them.
nn::Tensor noiseWaves(const nn::Tensor& level, std::int64_t width);

} // namespace ochre::models
