// SPDX-License-Identifier: GPL-3.0-or-later
// IAT, the illumination adaptive transformer: brightens dark pictures and corrects exposure.
// Paper: arXiv 2205.14871. Keys: cuiziteng/Illumination-Adaptive-Transformer IAT_enhance/model/IAT_main.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class Iat {
public:
    struct Config {
        int features = 16, blocks = 3; ///< of each of the two local branches
        int width = 64, heads = 4;     ///< of the tokens of the global branch; heads cannot be seen in the keys

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
    };

    /// What is the same for all of a picture.
    struct Tone {
        nn::Tensor color; ///< [N, 3, 3], from each channel to each
        nn::Tensor gamma; ///< [N, 1]
    };

    Iat(const tensor::Weights& weights, const Config& config);

    Tone toneOf(const nn::Tensor& image) const; ///< of a whole picture [N, 3, H, W] in 0…1
    /// image [N, 3, H, W] in 0…1 or a part of it → the same, in 0…1.
    nn::Tensor forward(const nn::Tensor& image, const Tone& tone) const;

private:
    struct Block {
        nn::Conv2d position, attention; ///< a kernel a channel
        TokenLinear before, after, up, down;
    };
    nn::Tensor runBranch(const std::vector<Block>& blocks, const nn::Tensor& shallow) const;

    Config m_config;
    nn::Conv2d m_first;
    std::vector<Block> m_factor, m_offset;
    nn::Conv2d m_factorEnd, m_offsetEnd;
    nn::Conv2d m_embed[2], m_position;
    nn::LayerNorm m_norm1, m_norm2;
    nn::Linear m_key, m_value, m_project, m_up, m_down, m_gamma, m_color;
    nn::Tensor m_query, m_gammaBase, m_colorBase; ///< [1, 10, width], [1], [3, 3]
};

} // namespace ochre::models
