// SPDX-License-Identifier: GPL-3.0-or-later
// Parallel walks over the pixels of a picture, for the sources of this folder.
#pragma once

#include <cstddef>

#include "core/base/TaskPool.h"
#include "core/image/Image.h"

namespace ochre::pixels {

/// Pixels a piece of work: large enough to hide the hand-over, small enough to stop soon.
inline constexpr std::size_t kGrain = std::size_t{1} << 14;

/// Channels that are colour: all but alpha.
inline int colorChannels(const Image& image) {
    return image.hasAlpha() ? image.channels() - 1 : image.channels();
}

/// body(float* pixel, int colorChannels) for each pixel, in place.
template <typename Body>
void forEachPixel(Image& image, const Body& body, const Cancel& cancel) {
    const auto channels = static_cast<std::size_t>(image.channels());
    const int colors = colorChannels(image);
    float* const values = image.edit().data();
    TaskPool::shared().parallelFor(
        image.pixelCount(), kGrain,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) body(values + i * channels, colors);
        },
        cancel);
}

/// body(y) for each row.
template <typename Body>
void forEachRow(const Image& image, const Body& body, const Cancel& cancel) {
    const auto width = static_cast<std::size_t>(image.width() > 0 ? image.width() : 1);
    TaskPool::shared().parallelFor(
        static_cast<std::size_t>(image.height()), kGrain / width + 1,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t y = begin; y < end; ++y) {
                cancel.check();
                body(static_cast<int>(y));
            }
        },
        cancel);
}

} // namespace ochre::pixels
