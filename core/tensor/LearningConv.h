// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's convolution for networks that learn: forward, backward and the gradient of the kernel with a quarter of the
// multiplications each.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// Whether it does this convolution of this picture: 3×3 at stride 1 with padding 1, float32, wide enough to be faster.
bool learnsByWinograd(const Tensor& x, const Tensor& weight, const Conv2dOptions& options);

/// Of a convolution that it does, without autograd: the result, and the gradient of the picture from that of the result.
Tensor winogradConvolved(const Tensor& x, const Tensor& weight, const Tensor& bias);
Tensor winogradPictureGradient(const Tensor& worth, const Tensor& weight);

/// x [N, in, H, W] channels-last, weight [out, in, 3, 3], bias [out] or undefined → [N, out, H, W], without the activation.
Tensor winogradLearning(const Tensor& x, const Tensor& weight, const Tensor& bias);

} // namespace ochre::nn
