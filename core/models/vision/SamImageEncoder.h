// SPDX-License-Identifier: GPL-3.0-or-later
// The image encoder of the Segment Anything Model: a vision transformer with attention in windows, in some layers over the
// whole picture, and relative positions (ViT-B, L, H).
// Papers: arXiv 2304.02643, 2203.16527. Keys: facebookresearch/segment-anything modeling/image_encoder.py ImageEncoderViT.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Norm.h"

namespace ochre::models {

/// What follows an encoder of SAM: features of the picture to those that the mask decoder sees. Keys: neck.0 … neck.3.
class SamNeck {
public:
    static constexpr double kEpsilon = 1e-6;
    static void addKeys(std::map<std::string, tensor::Shape>& keys, int in, int out);

    SamNeck() = default;
    explicit SamNeck(const tensor::Weights& weights);
    nn::Tensor operator()(const nn::Tensor& x) const; ///< [N, in, h, w] → [N, out, h, w]

private:
    nn::Conv2d m_project, m_mix;
    nn::LayerNorm m_firstNorm, m_secondNorm;
};

class SamImageEncoder {
public:
    struct Config {
        int width = 768, heads = 12, layers = 12, inner = 3072;
        int patch = 16, grid = 64; ///< pixels a patch, patches a side
        std::vector<int> windows;  ///< of each layer, in patches; the grid's side where it sees the whole picture
        int outChannels = 256;

        int side() const { return grid * patch; } ///< of the square picture, pixels
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
    };

    SamImageEncoder(const tensor::Weights& weights, const Config& config);

    /// image [N, 3, side, side], normalised and padded → [N, outChannels, grid, grid].
    nn::Tensor forward(const nn::Tensor& image) const;
    const Config& config() const { return m_config; }

private:
    struct Block {
        nn::LayerNorm norm1;
        nn::Linear qkv, out;
        nn::Tensor down, across; ///< relative positions of each pair of rows, of columns: [window, window, D]
        nn::LayerNorm norm2;
        nn::Linear up, downProjection;
        int window;
    };
    nn::Tensor attend(const Block& block, const nn::Tensor& x) const;

    Config m_config;
    nn::Conv2d m_patches;
    nn::Tensor m_positions; ///< [1, grid, grid, width]
    std::vector<Block> m_blocks;
    SamNeck m_neck;
};

} // namespace ochre::models
