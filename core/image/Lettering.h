// SPDX-License-Identifier: GPL-3.0-or-later
// Small letters of 5×7 pixels, for labels that are part of a picture.
#pragma once

#include <array>
#include <string_view>

#include "core/image/Image.h"

namespace ochre {

inline constexpr int kLetterHeight = 7, kLetterAdvance = 6; ///< pixels at scale 1

/// Width of a line of UTF-8 text in pixels; each code point takes the same.
int letteringWidth(std::string_view text, int scale);

/// Writes one line with its top left at (x, y), each pixel of a letter `scale`² large. Printable ASCII has
/// letters, all else a box. What does not fit into `maxWidth` pixels ends in two dots. Clipped to the
/// picture; `color` is RGBA, its alpha becomes that of the picture where it has one.
void drawLettering(Image& image, std::string_view text, int x, int y, int maxWidth, int scale,
                   const std::array<float, 4>& color);

} // namespace ochre
