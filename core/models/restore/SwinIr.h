// SPDX-License-Identifier: GPL-3.0-or-later
// SwinIR: super-resolution (classical, lightweight, real-world), denoising and JPEG artifact reduction.
// Paper: arXiv 2108.10257. Keys: JingyunLiang/SwinIR models/network_swinir.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Nn.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class SwinIr {
public:
    struct Config {
        enum class Upsampler {
            None,        ///< scale 1: the picture is added to the result
            Shuffle,     ///< "pixelshuffle": steps of 2, or one of 3
            OneStep,     ///< "pixelshuffledirect"
            NearestConv, ///< "nearest+conv"
        } upsampler = Upsampler::None;
        int channels = 3; ///< of the picture
        int width = 180;  ///< of a token
        int features = 64; ///< of the maps that are enlarged; not in None and OneStep
        int window = 8, hidden = 360, upscale = 1;
        bool threeConvs = false; ///< each residual group ends with three convolutions in place of one
        std::vector<int> depths, heads; ///< of each group
        std::vector<int> steps;         ///< factors of Shuffle
        double range = 1;               ///< the network sees 0…range

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
        static bool isBeside(const std::string& key); ///< tables that are computed here
    };

    SwinIr(const tensor::Weights& weights, const Config& config);

    /// image [N, C, H, W] in 0…1 → [N, C, H·scale, W·scale], not clamped. Sides that are no multiples of the window are
    /// mirrored up to it.
    nn::Tensor forward(const nn::Tensor& image) const;

private:
    struct Block {
        nn::LayerNorm norm1;
        TokenLinear queryKeyValue, project;
        nn::LayerNorm norm2;
        TokenLinear up, down;
        nn::Tensor bias; ///< [1, heads, T, T] of T tokens of a window
    };
    struct Group {
        std::vector<Block> blocks;
        std::vector<nn::Conv2d> convs;
        int heads = 1;
    };
    struct Layout;

    void runBlock(const Block& block, int heads, bool shifted, const Layout& layout, const nn::Tensor& tokens) const;
    nn::Tensor runBody(const nn::Tensor& shallow) const;
    nn::Tensor enlarge(nn::Tensor x) const;

    Config m_config;
    nn::Conv2d m_first;
    nn::LayerNorm m_patchNorm;
    std::vector<Group> m_groups;
    nn::LayerNorm m_norm;
    std::vector<nn::Conv2d> m_bodyEnd, m_upsample;
    nn::Conv2d m_before, m_high, m_last;
    std::vector<nn::Tensor> m_masks; ///< [T, T] of windows in the last column, in the last row, in both
};

} // namespace ochre::models
