// SPDX-License-Identifier: GPL-3.0-or-later
// YOLOX, a detector of objects without anchors (nano, tiny, s, m, l, x and the one on Darknet-53).
// Paper: arXiv 2107.08430. Keys: Megvii-BaseDetection/YOLOX yolox/models ("backbone.backbone.dark2.0.conv.weight").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::models {

class Yolox {
public:
    struct Config {
        bool darknet = false;   ///< Darknet-53 with a pyramid one way, else CSPDarknet with one both ways
        bool depthwise = false; ///< 3×3 convolutions are a depthwise and a pointwise one (nano)
        int width = 32;         ///< channels of the first layer
        int depth = 1;          ///< bottlenecks of the shallow blocks of CSPDarknet; the deep ones have three times as many
        int headWidth = 128;
        int classes = 80;

        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
        /// Side of the square that the release was measured on: 416 for nano and tiny, else 640.
        int side() const { return !darknet && width < 32 ? 416 : 640; }
    };

    /// A convolution with batch normalisation and activation, or the two of a depthwise one.
    struct Unit {
        std::string name;
        int in, out, kernel, stride;
        bool depthwise;
    };

    Yolox(const tensor::Weights& weights, const Config& config);

    struct Output {
        std::vector<nn::Tensor> pyramid; ///< the features that the heads see, at strides 8, 16, 32
        nn::Tensor raw; ///< [N, places, 5 + classes]: box as the network gives it, objectness and class scores 0…1
    };
    /// image [N, 3, H, W], BGR, 0…255, sides multiples of 32.
    Output forward(const nn::Tensor& image) const;

    /// The boxes of `raw` in pixels of a picture of that size: centre x, y, width, height; scores as they are.
    static nn::Tensor decode(const nn::Tensor& raw, std::int64_t height, std::int64_t width);

    const Config& config() const { return m_config; }

private:
    nn::Tensor run(const std::string& name, const nn::Tensor& x) const;
    nn::Tensor runAll(const std::string& name, int count, nn::Tensor x) const;
    nn::Tensor csp(const std::string& name, const nn::Tensor& x, int count, bool shortcut) const;
    nn::Tensor residuals(const std::string& name, int first, int count, nn::Tensor x) const;
    nn::Tensor pooled(const std::string& name, const nn::Tensor& x) const;
    std::vector<nn::Tensor> cspPyramid(nn::Tensor x) const;
    std::vector<nn::Tensor> darknetPyramid(nn::Tensor x) const;
    nn::Tensor head(std::size_t level, const nn::Tensor& x) const;

    Config m_config;
    std::map<std::string, std::vector<nn::Conv2d>> m_units;
    struct Head {
        nn::Conv2d classes, box; ///< the box and objectness, which see the same features, are one layer
    };
    std::vector<Head> m_heads;
};

} // namespace ochre::models
