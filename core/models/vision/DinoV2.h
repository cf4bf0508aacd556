// SPDX-License-Identifier: GPL-3.0-or-later
// DINOv2, a vision transformer whose features tell what is where in a picture (ViT-S, B, L, G; with registers).
// Papers: arXiv 2304.07193, 2309.16588. Keys: facebookresearch/dinov2 models/vision_transformer.py DinoVisionTransformer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Norm.h"

namespace ochre::models {

class DinoV2 {
public:
    struct Config {
        int width = 384, heads = 6, layers = 12, inner = 1536;
        int patch = 14, grid = 37; ///< pixels a patch; patches a side of the stored positions
        int registers = 0;
        bool gated = false; ///< feed-forward layers are SwiGLU

        /// Recognises the network by keys and shapes. Files do not show the heads, which are 64 wide in all releases.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
        /// A key of its training: what stood for patches that were hidden.
        static bool isBeside(const std::string& key) { return key == "mask_token"; }
    };

    DinoV2(const tensor::Weights& weights, const Config& config);

    struct Output {
        nn::Tensor whole;     ///< [N, width], of the picture
        nn::Tensor registers; ///< [N, registers, width]
        nn::Tensor patches;   ///< [N, H/patch · W/patch, width], row after row
        nn::Tensor unnormed;  ///< [N, 1 + registers + patches, width], before the last norm
    };
    /// image [N, 3, H, W], normalised, sides multiples of `patch`.
    Output forward(const nn::Tensor& image) const;
    const Config& config() const { return m_config; }

private:
    struct Block {
        nn::LayerNorm norm1;
        nn::Linear qkv, out;
        nn::Tensor scale1; ///< [width], of what attention adds
        nn::LayerNorm norm2;
        nn::Linear up, down;
        nn::Tensor scale2;
    };
    nn::Tensor positionsFor(std::int64_t rows, std::int64_t columns) const;
    nn::Tensor embed(const nn::Tensor& image) const;
    nn::Tensor feedForward(const Block& block, const nn::Tensor& x) const;

    Config m_config;
    nn::Tensor m_whole, m_registers; ///< [1, 1, width], [1, registers, width]
    nn::Tensor m_positions;          ///< [1, 1 + grid², width]
    nn::Conv2d m_patches;
    std::vector<Block> m_blocks;
    nn::LayerNorm m_norm;
};

} // namespace ochre::models
