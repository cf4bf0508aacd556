// SPDX-License-Identifier: GPL-3.0-or-later
// Edge pictures for ControlNets.
#pragma once

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

/// Canny's edges (PAMI 8, 1986), one channel of 0 and 1. As kornia.filters.canny, which ComfyUI uses: grey by
/// Rec.601, Gaussian of 5×5 and deviation 1, Sobel, thinning along eight directions, then pixels above `high`
/// and those above `low` that they reach. Thresholds are of the gradient's length, 0…1 for common pictures
/// (up to 5.7). Throws Error where low > high. Works on the numbers as they stand, in sRGB.
Image cannyEdges(const Image& image, float low, float high, const Cancel& cancel = {});

} // namespace ochre
