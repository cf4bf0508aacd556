// SPDX-License-Identifier: GPL-3.0-or-later
// The denoising UNet of Stable Diffusion 1 and 2, SDXL (base and refiner) and their inpainting variants.
// Papers: arXiv 2112.10752, 2307.01952. Keys: CompVis/latent-diffusion and Stability-AI/generative-models
// openaimodel.py (under "model.diffusion_model." in whole checkpoints), or huggingface/diffusers
// UNet2DConditionModel.
#pragma once

#include <optional>

#include "core/models/diffusion/UNetTrunk.h"

namespace ochre::models {

class UNet {
public:
    struct Config : UNetTrunk::Config {
        int outChannels = 4;
        std::vector<UNetStage> outputs; ///< "output_blocks.0" on

        /// Recognises the network by keys and shapes, in LDM's or diffusers' names; nothing where it is
        /// another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads, as they are stored.
        KeyShapes expected() const;
    };

    /// `weights` as recognised. The type of computation is that of their placement. Throws Error where a
    /// layer is missing or does not fit.
    UNet(const tensor::Weights& weights, const Config& config);

    /// Keys and values of context [N, tokens, width], for all steps with that prompt.
    PromptCache prepareContext(const nn::Tensor& context) const;

    /// x [N, inChannels, H, W] of any size from 1 up, as the noise schedule scales it; timesteps [N] or [1],
    /// whole or not; y [N, vector] where the configuration has one → prediction [N, outChannels, H, W],
    /// float32. `control` is added to the maps on the way up. Throws Error on other shapes.
    nn::Tensor forward(const nn::Tensor& x, const nn::Tensor& timesteps, const PromptCache& prompt,
                       const nn::Tensor& y = {}, const UNetMaps* control = nullptr) const;
    /// The same with context [N, tokens, width].
    nn::Tensor forward(const nn::Tensor& x, const nn::Tensor& timesteps, const nn::Tensor& context,
                       const nn::Tensor& y = {}, const UNetMaps* control = nullptr) const;

    const Config& config() const { return m_config; }

private:
    struct Stage {
        UNetStep step;
        nn::Conv2d up; ///< where the stage resamples
    };
    Config m_config;
    UNetTrunk m_trunk;
    std::vector<Stage> m_stages;
    nn::GroupNorm m_norm;
    nn::Conv2d m_last;
};

} // namespace ochre::models
