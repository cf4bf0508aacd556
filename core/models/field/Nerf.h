// SPDX-License-Identifier: GPL-3.0-or-later
// NeRF: a scene as a network from place and direction of view to colour and density.
// Paper: arXiv 2003.08934. Keys: bmild/nerf as in yenchenlin/nerf-pytorch, and krrish94/nerf-pytorch.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::models {

class Nerf {
public:
    struct Config {
        /// Keys of krrish94: the first layer has no activation, the features have one, and what the layer before gave stands
        /// in front of the encoded position where both are joined.
        bool krrish = false;
        int width = 256, layers = 8;
        int colorWidth = 128;
        int positionBands = 10, directionBands = 4; ///< octaves of the positional encoding
        std::vector<int> joins = {5};               ///< layers that see the encoded position again
        bool directions = true;                     ///< else the last layer gives colour and density

        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
        /// Whether the key is one that networks without directions carry unread.
        static bool isBeside(const std::string& key);
    };

    Nerf(const tensor::Weights& weights, const Config& config);

    /// points [N, 3], directions [N, 3] of unit length (ignored by networks without) → [N, 4]: red, green and blue before
    /// the sigmoid, density before the ReLU.
    nn::Tensor forward(const nn::Tensor& points, const nn::Tensor& directions) const;
    /// The density alone, before the ReLU: points [N, 3] → [N, 1].
    nn::Tensor density(const nn::Tensor& points) const;
    const Config& config() const { return m_config; }

private:
    nn::Tensor trunk(const nn::Tensor& points) const;

    Config m_config;
    std::vector<nn::Linear> m_layers;
    nn::Linear m_density, m_features, m_direction, m_color;
    nn::Linear m_out; ///< of networks without directions
};

/// x [N, C] → [N, C·(1 + 2·bands)]: x, then sin(2^k·x) and cos(2^k·x) for k from 0.
nn::Tensor positionalEncoding(const nn::Tensor& x, int bands);

} // namespace ochre::models
