// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of few colours.
#pragma once

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

enum class Dither { None, FloydSteinberg, Bayer };

/// At most `colors` (1…256) colours, taken from the picture's own in 8 bits of sRGB: the box of colours is cut
/// at medians (Heckbert, SIGGRAPH 1982), and each part stands for its mean. A picture with no more colours than that
/// keeps them. Bayer's matrix has `order` rows (2, 4, 8 or 16). Alpha stays as it is; the result is sRGB. Throws
/// Error for other counts and orders, and for more than four channels.
Image quantized(const Image& image, int colors, Dither dither = Dither::None, int order = 4,
                const Cancel& cancel = {});

} // namespace ochre
