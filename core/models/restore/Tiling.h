// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts a picture into equal windows that overlap, and weighs their results so that they add up to one without
// seams.
#pragma once

#include <vector>

namespace ochre::models {

/// One axis of a tile: it sees [from, from+size), owns [begin, end), and fades into its neighbours over
/// `feather` pixels on either side of each inner border.
struct Span {
    int from = 0, size = 0, begin = 0, end = 0;
    int fadeLow = 0, fadeHigh = 0; ///< half widths of the fades; 0 at the picture's edge

    int first() const { return begin - fadeLow; } ///< first and one past the last pixel with a weight
    int last() const { return end + fadeHigh; }
};

/// Spans of one size over `length`, owning at most `tile` each and seeing `overlap` more on each side (less
/// at the edges of the picture, where there is no more). `multiple`: sizes and starts are multiples of it
/// where the picture is.
std::vector<Span> cutAxis(int length, int tile, int overlap, int multiple);

/// Share of the span in the pixel at `position` + ½ of the input's scale, where positions may be fractions:
/// 0…1. Over all spans of an axis the shares add up to 1.
double share(const Span& span, double position);

} // namespace ochre::models
