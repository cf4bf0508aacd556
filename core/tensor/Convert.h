// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures to tensors and back.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/image/Image.h"

namespace ochre::tensor {

/// [1, channels.size(), height, width] float, channels-last, on the CPU: the named channels of the window,
/// values as they are.
at::Tensor toTensor(const Image& image, const std::vector<int>& channels, int x, int y, int width,
                    int height);
at::Tensor toTensor(const Image& image); ///< all of it

/// [1, C, H, W] or [C, H, W] of any floating type and device → a picture of C channels. Throws Error on other
/// shapes.
Image toImage(const at::Tensor& tensor, ColorSpace space = ColorSpace::Srgb);

} // namespace ochre::tensor
