// SPDX-License-Identifier: GPL-3.0-or-later
// Masks: one channel, Raw, 0…1, what is bright is chosen. Growing and softening are in Filter.h, thresholds
// in Color.h.
#pragma once

#include <array>
#include <utility>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

Image solidMask(int width, int height, float value);

enum class MaskOperation { Multiply, Add, Subtract, And, Or, Xor };

/// `a` with `b` upon it, its top left at (x, y); clamped to 0…1 all over. And, Or and Xor take any value but
/// 0 for true. Where `b` does not lie, `a` stays. The rules of ComfyUI's MaskComposite.
Image combineMasks(const Image& a, const Image& b, int x, int y, MaskOperation operation);

struct Borders {
    int left = 0, top = 0, right = 0, bottom = 0; ///< pixels, ≥ 0
};

/// Each border rises linearly: pixel i of n from it is multiplied by (i + 1)/n. In corners both ramps count.
Image featherBorders(const Image& mask, const Borders& borders);

/// 1 where every colour channel is within `tolerance` (0…1) of `color` (sRGB), both rounded to 8 bits.
Image maskOfColor(const Image& image, const std::array<float, 4>& color, float tolerance,
                  const Cancel& cancel = {});

/// The picture on a larger canvas of middle grey, and a mask that is 1 on what was added. Within the picture
/// the mask falls off squared over `feather` pixels from the sides that grew, if the picture is more than
/// twice as large.
std::pair<Image, Image> padForOutpaint(const Image& image, const Borders& borders, int feather);

/// How far each pixel is from the nearest one that is 0, in pixels (Euclidean, exact: Felzenszwalb and
/// Huttenlocher, Theory of Computing 8, 2012). What lies beyond the picture does not count; without any 0 all
/// is infinite.
Image distanceInside(const Image& mask, const Cancel& cancel = {});

} // namespace ochre
