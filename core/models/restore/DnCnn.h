// SPDX-License-Identifier: GPL-3.0-or-later
// DnCNN: removes noise of a strength that it was trained for, or of any ("blind").
// Paper: arXiv 1608.03981. Keys: cszn/KAIR models/network_dncnn.py, with batch normalisation merged.
#pragma once

#include <optional>
#include <vector>

#include "core/models/NetworkParts.h"

namespace ochre::models {

class DnCnn {
public:
    struct Config {
        int channels = 1; ///< of the picture
        int features = 64, convolutions = 17;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
    };

    DnCnn(const tensor::Weights& weights, const Config& config);

    /// image [N, C, H, W] in 0…1 → the same, not clamped: the noise that was found is taken off.
    nn::Tensor forward(const nn::Tensor& image) const;

private:
    std::vector<nn::Conv2d> m_convolutions;
};

} // namespace ochre::models
