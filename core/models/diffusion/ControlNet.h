// SPDX-License-Identifier: GPL-3.0-or-later
// ControlNet: a copy of the UNet's way down that looks at a picture (edges, depth, a pose) and steers the
// UNet with it. Paper: arXiv 2302.05543. Keys: lllyasviel/ControlNet cldm/cldm.py, with or without
// "control_model.", or huggingface/diffusers ControlNetModel.
#pragma once

#include <optional>

#include "core/models/diffusion/UNetTrunk.h"

namespace ochre::models {

class ControlNet {
public:
    struct Config : UNetTrunk::Config {
        int hintChannels = 3;
        /// Channels after each convolution of the hint's encoder. Every second one from the third on halves
        /// the sides, so that eight convolutions bring a picture to the size of its latent.
        std::vector<int> hintWidths{16, 16, 32, 32, 96, 96, 256, 320};
        std::string prefix; ///< "control_model." or none

        int hintScale() const; ///< side of the hint to that of the latent
        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads, as they are stored.
        KeyShapes expected() const;
    };

    /// `weights` as recognised. Throws Error where a layer is missing or does not fit.
    ControlNet(const tensor::Weights& weights, const Config& config);

    PromptCache prepareContext(const nn::Tensor& context) const;

    /// The part that stays the same at every step: hint [N, hintChannels, 8H, 8W] in 0…1 → [N, channels, H,
    /// W].
    nn::Tensor prepareHint(const nn::Tensor& hint) const;

    /// x [N, inChannels, H, W], timesteps [N] or [1], y as UNet::forward; `hint` as prepareHint gave it, for
    /// N samples or one → what UNet::forward takes as control: a map for each of its skip connections and one
    /// for the middle.
    UNetMaps forward(const nn::Tensor& x, const nn::Tensor& hint, const nn::Tensor& timesteps,
                     const PromptCache& prompt, const nn::Tensor& y = {}) const;

    const Config& config() const { return m_config; }

private:
    Config m_config;
    UNetTrunk m_trunk;
    std::vector<nn::Linear> m_zero; ///< 1×1, one a skip connection
    std::vector<nn::Conv2d> m_hint;
    nn::Linear m_middle; ///< 1×1
};

/// total += strength · maps, so that several ControlNets can steer at once; an empty `total` takes the shapes
/// of `maps`. Throws Error where they do not fit.
void addControl(UNetMaps& total, const UNetMaps& maps, double strength);

} // namespace ochre::models
