// SPDX-License-Identifier: GPL-3.0-or-later
// What SAM 2 keeps of earlier frames of a video: its memory encoder turns a frame and its mask into a memory, its memory
// attention shows memories to the features of a new frame.
// Paper: arXiv 2408.00714. Keys: facebookresearch/sam2 sam2/modeling/{memory_attention,memory_encoder}.py.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Norm.h"

namespace ochre::models {

class Sam2MemoryAttention {
public:
    struct Config {
        int channels = 256, memoryChannels = 64, inner = 2048, layers = 4;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
    };

    Sam2MemoryAttention(const tensor::Weights& weights, const Config& config);

    /// features [N, h·w, channels] of a square frame and `positions` of the same shape; memories [N, M, memoryChannels] and
    /// theirs: some frames of h·w, then `pointers` rows that have no place in a picture. → [N, h·w, channels].
    nn::Tensor forward(const nn::Tensor& features, const nn::Tensor& positions, const nn::Tensor& memories,
                       const nn::Tensor& memoryPositions, std::int64_t pointers) const;

private:
    struct Attention {
        nn::Linear query, key, value, out;
    };
    struct Layer {
        Attention self, cross;
        nn::Linear up, down;
        nn::LayerNorm norm1, norm2, norm3;
    };

    std::vector<Layer> m_layers;
    nn::LayerNorm m_norm;
};

class Sam2MemoryEncoder {
public:
    struct Config {
        int channels = 256, memoryChannels = 64, layers = 2;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
    };

    Sam2MemoryEncoder(const tensor::Weights& weights, const Config& config);

    /// features [N, channels, h, w], logits [N, 1, 16·h, 16·w] of the mask → [N, memoryChannels, h, w].
    nn::Tensor forward(const nn::Tensor& features, const nn::Tensor& logits) const;
    /// The same with numbers for the mask that are taken as they stand.
    nn::Tensor remember(const nn::Tensor& features, nn::Tensor mask) const;

private:
    struct Mixer { ///< a block of ConvNeXt (arXiv 2201.03545)
        nn::Conv2d spread;
        nn::LayerNorm norm;
        nn::Linear up, down;
        nn::Tensor scale; ///< [channels]
    };

    nn::Conv2d m_maskDown[4];
    nn::LayerNorm m_maskNorms[4];
    nn::Conv2d m_maskOut, m_features, m_out;
    std::vector<Mixer> m_mixers;
};

} // namespace ochre::models
