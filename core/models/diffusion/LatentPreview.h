// SPDX-License-Identifier: GPL-3.0-or-later
// What a latent looks like while it is still being sampled.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/image/Image.h"
#include "core/models/diffusion/Taesd.h"

namespace ochre::models {

/// A linear fit from the channels of a latent to a colour in −1…1.
struct LatentColors {
    std::vector<std::array<float, 3>> channels; ///< red, green and blue that one unit of a channel adds
    std::array<float, 3> bias{};

    /// From "r g b, r g b, …", a channel after the other, the bias last; nothing where the text is another.
    static std::optional<LatentColors> parse(const std::string& text);
    std::string text() const;

    static const LatentColors& sd();   ///< Stable Diffusion 1 and 2; factors as ComfyUI publishes them
    static const LatentColors& sdxl(); ///< the same of SDXL
};

/// latent [1, C, h, w] or [C, h, w] as the diffusion model takes it → a picture of w × h pixels, sRGB, 0…1. Takes some
/// microseconds. Throws Error where C is not the number of colours.
Image previewLatent(const nn::Tensor& latent, const LatentColors& colors);

/// The same by the tiny autoencoder: w·scale × h·scale pixels, near the final picture.
Image previewLatent(const nn::Tensor& latent, const Taesd& taesd);

} // namespace ochre::models
