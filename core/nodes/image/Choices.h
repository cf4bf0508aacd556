// SPDX-License-Identifier: GPL-3.0-or-later
// The words that nodes offer for resize filters and blend modes.
#pragma once

#include <string_view>

#include "core/image/Filter.h"

namespace ochre::nodes::image {

inline ResizeFilter resizeFilterOf(std::string_view word) {
    return word == "bicubic"    ? ResizeFilter::Bicubic
           : word == "bilinear" ? ResizeFilter::Bilinear
           : word == "area"     ? ResizeFilter::Area
           : word == "nearest"  ? ResizeFilter::Nearest
                                : ResizeFilter::Lanczos;
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
