// SPDX-License-Identifier: GPL-3.0-or-later
// Arithmetic and geometry of latents, each as comfyanonymous/ComfyUI computes it (nodes.py,
// comfy_extras/nodes_latent.py, comfy/utils.py). Places and sizes are in pixels of the picture, 8 to a latent
// pixel. All throw Error naming the sizes where they do not fit. Masks of noise go along where ComfyUI keeps
// them.
#pragma once

#include <string_view>

#include "core/models/diffusion/Latent.h"

namespace ochre::models {

enum class LatentResize { Nearest, Bilinear, Area, Bicubic, Bislerp };
LatentResize latentResizeFromName(std::string_view name); ///< "nearest", "bilinear", …; throws Error

/// x [N, C, h, w] → [N, C, height, width], in latent pixels. Bislerp turns along the sphere between
/// neighbours.
nn::Tensor resizeLatent(const nn::Tensor& x, int width, int height, LatentResize method);
nn::Tensor bislerp(const nn::Tensor& x, int width, int height);
/// The same of the middle part of x that has the proportions of the result.
nn::Tensor resizeCenter(const nn::Tensor& x, int width, int height, LatentResize method);

/// To width × height pixels; 0 keeps the proportions, both 0 the size. `cropCenter`: what does not fit the
/// new proportions is cut off first.
LatentBatch resized(const LatentBatch& latent, int width, int height, LatentResize method, bool cropCenter);
LatentBatch scaledBy(const LatentBatch& latent, double factor, LatentResize method);

struct CompositeOptions {
    int x = 0, y = 0, feather = 0; ///< pixels; feather fades the edges that are not the picture's
    bool resizeSource = false;
    nn::Tensor mask; ///< [1|N, 1, H, W] of any size, 1: the source; undefined: all of it
};
LatentBatch composite(const LatentBatch& destination, const LatentBatch& source,
                      const CompositeOptions& options);

/// a·factor + b·(1 − factor); b is resized (bicubic, centre crop) where it has another size.
LatentBatch blended(const LatentBatch& a, const LatentBatch& b, double factor);
LatentBatch added(const LatentBatch& a, const LatentBatch& b);
LatentBatch subtracted(const LatentBatch& a, const LatentBatch& b);
LatentBatch multiplied(const LatentBatch& a, double factor);
/// Directions and lengths are interpolated apart; ratio 1: a.
LatentBatch interpolated(const LatentBatch& a, const LatentBatch& b, double ratio);

LatentBatch cropped(const LatentBatch& latent, int width, int height, int x, int y);
enum class FlipAxis { Vertical, Horizontal };
LatentBatch flipped(const LatentBatch& latent, FlipAxis axis);
LatentBatch rotated(const LatentBatch& latent, int degrees); ///< clockwise: 0, 90, 180, 270

LatentBatch fromBatch(const LatentBatch& latent, int index, int length);
LatentBatch repeated(const LatentBatch& latent,
                     int count); ///< numbers go on, so that each copy has noise of its own
LatentBatch batched(const LatentBatch& a, const LatentBatch& b); ///< b is resized (bilinear, centre crop)

} // namespace ochre::models
