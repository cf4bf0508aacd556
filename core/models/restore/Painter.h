// SPDX-License-Identifier: GPL-3.0-or-later
// Painter: shown a pair of pictures, does to a third what was done to the first of the pair; one network for depth,
// segments, noise, rain and darkness.
// Paper: arXiv 2212.02499. Keys: baaivision/Painter Painter/models_painter.py.
#pragma once

#include <optional>
#include <vector>

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class Painter {
public:
    struct Config {
        int width = 1024, heads = 16, hidden = 4096;
        int patch = 16, rows = 56, columns = 28; ///< of patches: two pictures, one above the other
        int learned = 14;                        ///< side of the square of patches that positions are stored for
        int features = 64;                       ///< of the maps that the picture is painted from
        std::vector<int> windows;                ///< side in patches of what each block looks at; 0: all. Released: all 0

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
    };

    Painter(const tensor::Weights& weights, const Config& config);
    const Config& config() const { return m_config; }

    /// pictures, answers [N, 3, H, W], each a pair one above the other, normalised as ImageNet's; masked [N, rows·columns], 1
    /// where the answer is to be painted → [N, 3, H, W], normalised likewise. Throws Error for other sizes.
    nn::Tensor forward(const nn::Tensor& pictures, const nn::Tensor& answers, const nn::Tensor& masked) const;
    /// What training lessens: [1], the mean over what is masked.
    nn::Tensor loss(const nn::Tensor& painted, const nn::Tensor& answers, const nn::Tensor& masked) const;

private:
    struct Block {
        nn::LayerNorm norm1;
        TokenLinear queryKeyValue, project;
        nn::Tensor rowBias, columnBias; ///< [rows, D, rows], [columns, D, columns]: from a query's place to a key's
        nn::LayerNorm norm2;
        TokenLinear up, down;
        int window = 0;
    };

    nn::Tensor maskOf(const nn::Tensor& masked) const;
    nn::Tensor embed(const nn::Tensor& pictures, const nn::Tensor& answers, const nn::Tensor& masked) const;
    nn::Tensor attend(const Block& block, const nn::Tensor& x) const;
    nn::Tensor look(const Block& block, const nn::Tensor& x) const;

    Config m_config;
    nn::Tensor m_maskToken, m_pictureToken, m_answerToken; ///< [1, 1, 1, width]
    nn::Tensor m_positions;                                ///< [1, rows, columns, width]
    nn::Conv2d m_patches;
    std::vector<Block> m_blocks;
    nn::LayerNorm m_norm;
    TokenLinear m_spread;
    nn::Conv2d m_smooth;
    nn::LayerNorm m_smoothNorm;
    nn::Conv2d m_last;
};

/// `picture` changed as `promptBefore` was to become `promptAfter`: of its size, sRGB, without alpha, in 0…1. Pictures are
/// squeezed to squares of the network's size. Throws Error, also for NaN and when cancelled.
Image paintLike(const Painter& painter, const Image& picture, const Image& promptBefore, const Image& promptAfter,
                const Cancel& cancel = {});

} // namespace ochre::models
