// SPDX-License-Identifier: GPL-3.0-or-later
// Resizing by the rules of PyTorch's interpolate that Nn.h lacks, by turning vectors, and by pooling.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

// x [N, C, H, W] float32 → [N, C, height, width], both sides at least 1.

Tensor resizeNearestExact(const Tensor& x, std::int64_t height,
                          std::int64_t width); ///< the pixel whose centre is nearest
Tensor resizeArea(const Tensor& x, std::int64_t height, std::int64_t width); ///< mean of what a pixel covers

/// Bicubic, with distances between pixels of 1/scale instead of the ratio of the sides; and by the ratio of the sides, but
/// with a kernel as wide as a new pixel where that is larger than an old one.
Tensor resizeBicubicBy(const Tensor& x, std::int64_t height, std::int64_t width, double scaleDown, double scaleAcross);
Tensor resizeBicubicSmooth(const Tensor& x, std::int64_t height, std::int64_t width);

/// Bilinear in the length and in the direction of each pixel's vector. Source: comfyanonymous/ComfyUI
/// comfy/utils.py.
Tensor resizeBislerp(const Tensor& x, std::int64_t height, std::int64_t width);

/// Largest value of each square of `kernel` pixels, `stride` apart: [N, C, H, W] → [N, C, (H − kernel)/stride + 1, …].
Tensor maxPool(const Tensor& x, int kernel, int stride);

} // namespace ochre::nn
