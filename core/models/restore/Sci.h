// SPDX-License-Identifier: GPL-3.0-or-later
// SCI, self-calibrated illumination: brightens dark pictures by dividing them by their light.
// Paper: arXiv 2204.10137. Keys: vis-opt-group/SCI model.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"

namespace ochre::models {

class Sci {
public:
    struct Config {
        int channels = 3; ///< of the picture
        int features = 3, blocks = 1;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
        /// The network that calibrates in training, and a second name of the blocks.
        static bool isBeside(const std::string& key);
    };

    Sci(const tensor::Weights& weights, const Config& config);

    /// image [N, C, H, W] in 0…1 → the same, brighter, in 0…1.
    nn::Tensor forward(const nn::Tensor& image) const;

private:
    nn::Conv2d m_in, m_out;
    std::vector<nn::Conv2d> m_blocks;
};

} // namespace ochre::models
