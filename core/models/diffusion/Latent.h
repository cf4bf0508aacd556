// SPDX-License-Identifier: GPL-3.0-or-later
// The socket value "latent": pictures as a diffusion model works on them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::models {

inline constexpr int kLatentSide = 8; ///< side of a picture to that of its latent

struct LatentBatch {
    nn::Tensor
        samples; ///< [N, 4, h, w] float32, contiguous, not multiplied by the latent scale (ComfyUI's LATENT)
    nn::Tensor noiseMask; ///< [1|N, 1, H, W] of 0…1 of any size, 1: to be sampled anew; undefined: all of it
    std::vector<int>
        batchIndex; ///< numbers of the pictures, for their noise; empty: as they come, drawn as one

    /// How it was sampled, as AUTOMATIC1111 writes it into pictures ("parameters"); empty: by no diffusion
    /// model.
    std::string parameters;

    int count() const { return samples.defined() ? static_cast<int>(samples.size(0)) : 0; }
    int height() const { return static_cast<int>(samples.size(2)); } ///< in latent pixels
    int width() const { return static_cast<int>(samples.size(3)); }
    std::size_t bytes() const;
};

/// Zeros. `width` and `height` in pixels of the picture. Throws Error where they are no multiples of 8 of
/// 8…16384, or `count` is not 1…4096.
LatentBatch emptyLatent(int width, int height, int count);

/// x [N, C, H, W] cut about the middle to the proportions of width : height, as ComfyUI's common_upscale does
/// first.
nn::Tensor croppedToProportions(const nn::Tensor& x, std::int64_t width, std::int64_t height);
/// x repeated, or cut, along the first side to `count`.
nn::Tensor toBatch(const nn::Tensor& x, std::int64_t count);

/// Throws Error naming `subject` where the shapes are not those above or a value is not finite.
void checkLatent(const LatentBatch& latent, const std::string& subject);

} // namespace ochre::models
