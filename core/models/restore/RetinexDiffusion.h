// SPDX-License-Identifier: GPL-3.0-or-later
// The second networks of Diff-Retinex: restore a reflectance or an illumination by diffusion in a few steps, in each of which
// a second network refines the estimate.
// Paper: arXiv 2308.13164. Keys: XunpengYi/Diff-Retinex model/Diff_{RDA,IDA}/model/sr3_modules/diffusion.py.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/models/restore/RetinexTransformer.h"
#include "core/models/restore/RetinexUNet.h"

namespace ochre::models {

class RetinexDiffusion {
public:
    struct Config {
        RetinexUNet::Config denoise;
        std::optional<RetinexTransformer::Config> transformer; ///< what refines: this, of reflectances,
        std::optional<RetinexUNet::Config> unet;               ///< or this, of illuminations
        int timesteps = 1000;

        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        KeyShapes expected() const;
        static bool isBeside(const std::string& key); ///< tables that are computed here
    };
    using Noise = std::function<nn::Tensor()>; ///< standard normal, of the condition's shape; asked once and in every step

    RetinexDiffusion(const tensor::Weights& weights, const Config& config);

    /// condition [N, C, H, W] in −1…1, sides multiples of 8 → the same, restored. DDIM (arXiv 2010.02502) in `steps`, with
    /// `eta` of the noise of the whole way back.
    nn::Tensor restore(const nn::Tensor& condition, const Noise& noise, int steps = 5, double eta = 1) const;

private:
    nn::Tensor refine(const nn::Tensor& x, const nn::Tensor& level) const;

    int m_timesteps;
    nn::Tensor m_kept; ///< ᾱ of each step [timesteps], float32 on the CPU
    RetinexUNet m_denoise;
    std::optional<RetinexTransformer> m_transformer;
    std::optional<RetinexUNet> m_unet;
};

} // namespace ochre::models
