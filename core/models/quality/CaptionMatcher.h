// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and captions as points on one sphere, where what belongs together lies close (CLIP, arXiv 2103.00020), small:
// a convolutional network over pictures whose 4×4 pixels are channels, and a transformer over the states that a sentence
// encoder gives the tokens of a caption, which sees their order. The network is Ochre's own, trained by the recipe scorer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/models/diffusion/AutoencoderBlocks.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class CaptionMatcher {
public:
    static constexpr int kHeads = 4;     ///< of the transformer; its weights do not show them
    static constexpr int kMultiple = 32; ///< of which widths of pictures are multiples: the groups of the norms

    struct Config {
        int side = 128;                    ///< of pictures
        int unshuffle = 4;                 ///< so many pixels each way are the channels of one
        std::vector<int> widths{64, 128, 256}; ///< channels a level; the first is at 1/(2·unshuffle) of the side
        int blocks = 1;                    ///< residual blocks of a level
        int states = 384;                  ///< numbers of a token's state
        int width = 128, layers = 2;       ///< of the transformer
        int tokens = 24;                   ///< of the longest caption
        int embedding = 256;

        int lastSide() const { return side / (unshuffle << widths.size()); }
        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
    };

    /// Throws Error where a key is missing or of another shape than expected().
    CaptionMatcher(const tensor::Weights& weights, const Config& config);

    /// [N, 3, side, side] in −1…1 → [N, embedding] of length 1.
    nn::Tensor pictures(const nn::Tensor& pictures) const;
    /// `states` [M, T, states] of T ≤ tokens; `mask` [M, T]: 1, and 0 where a caption has ended → [M, embedding] of length 1.
    nn::Tensor captions(const nn::Tensor& states, const nn::Tensor& mask) const;
    /// What softmax is taken of: scaled cosines [N, M].
    nn::Tensor logits(const nn::Tensor& pictures, const nn::Tensor& captions) const;

    const Config& config() const { return m_config; }

private:
    struct Level {
        std::vector<ResBlock> blocks;
        nn::Conv2d down; ///< but for the last
    };
    struct Layer {
        nn::LayerNorm attentionNorm;
        nn::Linear query, key, value, out;
        nn::LayerNorm norm;
        nn::Linear up, down;
    };

    Config m_config;
    nn::Conv2d m_stem;
    std::vector<Level> m_levels;
    nn::Tensor m_position; ///< [1, C, lastSide, lastSide]: places are told apart before the last level
    nn::GroupNorm m_pictureNorm;
    nn::Linear m_pictureOut;
    nn::Linear m_textIn;
    nn::Embedding m_positions;
    std::vector<Layer> m_layers;
    nn::LayerNorm m_textNorm;
    nn::Linear m_textOut;
    nn::Tensor m_scale; ///< [1]: logarithm of the scale, from that at the start on
};

} // namespace ochre::models
