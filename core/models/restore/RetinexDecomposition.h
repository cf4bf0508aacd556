// SPDX-License-Identifier: GPL-3.0-or-later
// The first network of Diff-Retinex: takes a picture apart into what it shows and the light on it, whose product it is.
// Paper: arXiv 2308.13164. Keys: XunpengYi/Diff-Retinex model/Diff_TDN/TDN_network.py.
#pragma once

#include <optional>
#include <vector>

#include "core/models/restore/RetinexTransformer.h"

namespace ochre::models {

class RetinexDecomposition {
public:
    struct Config {
        int features = 32; ///< of the network that sees the light
        RetinexTransformer::Config reflectance;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
    };
    struct Parts {
        nn::Tensor reflectance, illumination; ///< [N, 3, H, W], [N, 1, H, W], in 0…1
    };

    RetinexDecomposition(const tensor::Weights& weights, const Config& config);

    /// image [N, 3, H, W] in 0…1, sides multiples of 4.
    Parts forward(const nn::Tensor& image) const;

private:
    nn::Conv2d m_first;
    std::vector<nn::Conv2d> m_convolutions;
    nn::Conv2d m_last;
    RetinexTransformer m_reflectance;
};

} // namespace ochre::models
