// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and masks as inpainting takes them: what lies under the mask is grey, so that nothing of it gets
// into the latent. Source: comfyanonymous/ComfyUI nodes.py (VAEEncodeForInpaint, InpaintModelConditioning).
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::models {

struct InpaintPicture {
    nn::Tensor pixels; ///< [N, 3, H, W] in 0…1, sides cut about the middle to multiples of 8
    nn::Tensor hidden; ///< the same, ½ where the mask rounds to 1
    nn::Tensor mask;   ///< [1|N, 1, H, W], resized to the picture and cut as it
};

/// pixels [N, 3, H, W] in 0…1, mask [1|N, 1, h, w] of any size. Throws Error for pictures under 8 pixels.
InpaintPicture inpaintPicture(const nn::Tensor& pixels, const nn::Tensor& mask);

/// Rounded to 0 or 1; then a pixel is 1 where any is in the square of `grow` pixels about it (of an even
/// number, one more lies left and above than right and below). 0 and 1 do not grow. mask [N, 1, H, W].
nn::Tensor grownMask(const nn::Tensor& mask, int grow);

} // namespace ochre::models
