// SPDX-License-Identifier: GPL-3.0-or-later
// RRDBNet, the generator of ESRGAN and Real-ESRGAN (x4plus, x2plus, x4plus-anime).
// Paper: arXiv 1809.00219, 2107.10833. Keys: XPixelGroup/BasicSR rrdbnet_arch.py; first release:
// xinntao/ESRGAN.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::models {

class RrdbNet {
public:
    struct Config {
        int inChannels = 3, outChannels = 3; ///< of the picture
        int unshuffle = 1; ///< the picture is folded by this before the first layer: 4/scale
        int features = 64, growth = 32, blocks = 23;
        int upsamplings = 2;       ///< nearest ×2 steps
        bool firstRelease = false; ///< keys of the first ESRGAN files ("model.1.sub.0.RDB1.conv1.0")

        int scale() const { return (1 << upsamplings) / unshuffle; }
        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
    };

    RrdbNet(const tensor::Weights& weights, const Config& config);

    /// image [N, C, H, W] in 0…1 → [N, C, H·scale, W·scale], not clamped. H and W divisible by `unshuffle`.
    nn::Tensor forward(const nn::Tensor& image) const;
    const Config& config() const { return m_config; }

private:
    struct DenseBlock {
        nn::Conv2d conv[5];
    };
    nn::Tensor runBody(const nn::Tensor& x) const;
    void runDense(const DenseBlock& block, const nn::Tensor& joined, const nn::Tensor& out, const nn::Tensor& base,
                  double scale) const;

    Config m_config;
    nn::Conv2d m_first;
    std::vector<DenseBlock> m_body; ///< three a block
    nn::Conv2d m_bodyEnd;
    std::vector<nn::Conv2d> m_up;
    nn::Conv2d m_high, m_last;
};

} // namespace ochre::models
