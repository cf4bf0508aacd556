// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures as networks that understand them want to see them.
#pragma once

#include "core/image/Image.h"
#include "core/tensor/Nn.h"

namespace ochre::models {

/// sRGB, three channels, no alpha: what was grey is repeated, light becomes sRGB, values are clamped to 0…1. Throws Error
/// where there is no picture.
Image seenByNetwork(const Image& image);

/// [1, 3, H, W] of what seenByNetwork() gave, by ImageNet's mean and deviation.
nn::Tensor normalisedTensor(const Image& image);

} // namespace ochre::models
