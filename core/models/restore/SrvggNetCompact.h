// SPDX-License-Identifier: GPL-3.0-or-later
// SRVGGNetCompact, the small network of Real-ESRGAN (animevideov3, general-x4v3).
// Repository: xinntao/Real-ESRGAN, realesrgan/archs/srvgg_arch.py.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::models {

class SrvggNetCompact {
public:
    struct Config {
        int inChannels = 3, outChannels = 3;
        int features = 64, convolutions = 16; ///< inner ones, besides the first and the last
        int upscale = 4;
        enum class Activation {
            Prelu,
            Relu,
            LeakyRelu
        } activation = Activation::Prelu; ///< without weights it cannot be seen: ReLU

        int scale() const { return upscale; }
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
    };

    SrvggNetCompact(const tensor::Weights& weights, const Config& config);

    /// image [N, C, H, W] in 0…1 → [N, C, H·upscale, W·upscale], not clamped.
    nn::Tensor forward(const nn::Tensor& image) const;
    const Config& config() const { return m_config; }

private:
    Config m_config;
    std::vector<nn::Conv2d> m_convolutions;
    std::vector<nn::Prelu> m_activations;
};

} // namespace ochre::models
