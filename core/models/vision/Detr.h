// SPDX-License-Identifier: GPL-3.0-or-later
// DETR, a detector of objects that asks a transformer for them (ResNet-50 and -101, with and without a dilated last stage).
// Paper: arXiv 2005.12872. Keys: facebookresearch/detr models/{detr,transformer,backbone}.py ("backbone.0.body.layer1.0.conv1").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Norm.h"

namespace ochre::models {

class Detr {
public:
    struct Config {
        std::vector<int> depths{3, 4, 6, 3}; ///< blocks of the backbone's stages
        int stem = 64, width = 64;           ///< channels of its first layer, and within the blocks of its first stage
        bool bottleneck = true;              ///< blocks of 1×1, 3×3, 1×1 convolutions, else of two of 3×3
        bool dilated = false;                ///< the last stage keeps the resolution (DC5), which no file shows
        int channels = 256, heads = 8, encoders = 6, decoders = 6, inner = 2048;
        int queries = 100, classes = 91; ///< the classes without "no object"

        /// Recognises the network by keys and shapes; heads are 8 in all releases.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
    };

    Detr(const tensor::Weights& weights, const Config& config);

    struct Output {
        nn::Tensor logits; ///< [N, queries, classes + 1], the last is "no object"
        nn::Tensor boxes;  ///< [N, queries, 4], centre x, y, width, height as shares of the picture
    };
    /// images [N, 3, H, W], normalised; `padding` [N, H, W], not 0 where pixels are no picture, may be undefined.
    Output forward(const nn::Tensor& images, const nn::Tensor& padding = {}) const;
    const Config& config() const { return m_config; }

private:
    struct Block {
        std::vector<nn::Conv2d> layers; ///< two or three
        std::optional<nn::Conv2d> shortcut;
    };
    struct Attention {
        nn::Linear query, key, value, out;
    };
    struct Encoder {
        Attention self;
        nn::Linear up, down;
        nn::LayerNorm norm1, norm2;
    };
    struct Decoder {
        Attention self, cross;
        nn::Linear up, down;
        nn::LayerNorm norm1, norm2, norm3;
    };
    void readBackbone(const tensor::Weights& weights);
    static Attention readAttention(const tensor::Weights& weights, const std::string& name);
    nn::Tensor backbone(const nn::Tensor& images) const;
    nn::Tensor attend(const Attention& attention, const nn::Tensor& q, const nn::Tensor& k, const nn::Tensor& v,
                      const nn::Tensor& bias) const;
    nn::Tensor encoded(nn::Tensor x, const nn::Tensor& positions, const nn::Tensor& bias) const;
    nn::Tensor decoded(const nn::Tensor& memory, const nn::Tensor& positions, const nn::Tensor& bias) const;

    Config m_config;
    nn::Conv2d m_stem;
    std::vector<Block> m_blocks;
    nn::Conv2d m_project;
    std::vector<Encoder> m_encoders;
    std::vector<Decoder> m_decoders;
    nn::LayerNorm m_norm;
    nn::Tensor m_queries; ///< [1, queries, channels]
    nn::Linear m_classes, m_box[3];
};

} // namespace ochre::models
