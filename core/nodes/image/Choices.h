// SPDX-License-Identifier: GPL-3.0-or-later
// What nodes that resize or blend share: the words that they offer, and the crop to other proportions.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/image/Filter.h"
#include "core/nodes/Describe.h"

namespace ochre::nodes::image {

inline ResizeFilter resizeFilterOf(std::string_view word) {
    return word == "bicubic"    ? ResizeFilter::Bicubic
           : word == "bilinear" ? ResizeFilter::Bilinear
           : word == "area"     ? ResizeFilter::Area
           : word == "nearest"  ? ResizeFilter::Nearest
                                : ResizeFilter::Lanczos;
}

inline graph::Parameter resizeFilterParameter() {
    return choice("filter", "Filter",
                  "How pixels are mixed: Lanczos is sharpest, Area is exact for shrinking, Nearest keeps hard "
                  "pixels.",
                  {{"lanczos", "Lanczos"},
                   {"bicubic", "Bicubic"},
                   {"bilinear", "Bilinear"},
                   {"area", "Area"},
                   {"nearest", "Nearest"}});
}

/// The largest part in the middle that has the proportions of width × height. Rounds as ComfyUI does.
inline Image croppedTo(const Image& image, int width, int height) {
    const double is = static_cast<double>(image.width()) / image.height(),
                 wanted = static_cast<double>(width) / height;
    const auto border = [](int side, double part) {
        const int cut = static_cast<int>(std::nearbyint((side - side * part) / 2));
        return std::min(cut, (side - 1) / 2); // a pixel is left
    };
    const int x = is > wanted ? border(image.width(), wanted / is) : 0;
    const int y = is < wanted ? border(image.height(), is / wanted) : 0;
    if (x == 0 && y == 0) return image;
    return crop(image, x, y, image.width() - 2 * x, image.height() - 2 * y);
}

inline BlendMode blendModeOf(std::string_view word) {
    return word == "multiply"     ? BlendMode::Multiply
           : word == "screen"     ? BlendMode::Screen
           : word == "overlay"    ? BlendMode::Overlay
           : word == "soft_light" ? BlendMode::SoftLight
           : word == "difference" ? BlendMode::Difference
           : word == "add"        ? BlendMode::Add
           : word == "subtract"   ? BlendMode::Subtract
                                  : BlendMode::Normal;
}

} // namespace ochre::nodes::image
