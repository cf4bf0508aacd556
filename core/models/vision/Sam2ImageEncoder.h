// SPDX-License-Identifier: GPL-3.0-or-later
// The image encoder of SAM 2: Hiera, a vision transformer whose stages halve the picture, and a pyramid of its features
// (hiera tiny, small, base+, large).
// Papers: arXiv 2408.00714, 2306.00989. Keys: facebookresearch/sam2 sam2/modeling/backbones/{hieradet,image_encoder}.py.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Norm.h"

namespace ochre::models {

class Sam2ImageEncoder {
public:
    static constexpr std::size_t kStages = 4;

    struct Config {
        int width = 96, heads = 1;              ///< of the first stage; both double with each
        std::vector<int> depths{1, 2, 7, 2};    ///< blocks of each stage
        std::vector<int> windows{8, 4, 14, 7};  ///< of each stage, in patches
        std::vector<int> wholeBlocks{5, 7, 9};  ///< blocks that see the whole picture
        int grid = 7;                           ///< side of the stored positions
        int channels = 256;                     ///< of the pyramid

        /// Recognises it by keys and shapes. Heads, windows and the blocks that see all are those of the release with that
        /// width and depth, for they do not show.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
        int blocks() const;
    };

    Sam2ImageEncoder(const tensor::Weights& weights, const Config& config);

    /// image [N, 3, H, W], normalised, sides multiples of 32 → features [N, channels, …] at strides 4, 8 and 16.
    std::vector<nn::Tensor> forward(const nn::Tensor& image) const;
    const Config& config() const { return m_config; }

private:
    struct Block {
        int window, heads; ///< window 0: the whole picture
        bool halves;       ///< queries are pooled 2 × 2
        nn::LayerNorm norm1;
        nn::Linear qkv, out, shortcut;
        nn::LayerNorm norm2;
        nn::Linear up, down;
    };
    nn::Tensor positionsFor(std::int64_t rows, std::int64_t columns) const;
    static nn::Tensor attend(const Block& block, const nn::Tensor& x);
    static nn::Tensor run(const Block& block, const nn::Tensor& x);

    Config m_config;
    nn::Conv2d m_patches;
    nn::Tensor m_positions, m_windowPositions; ///< [1, width, grid, grid], [1, width, window, window]
    std::vector<Block> m_blocks;
    std::vector<nn::Conv2d> m_laterals; ///< of the coarsest features first
};

} // namespace ochre::models
