// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Filter.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

Image like(const Image& image, int width, int height) {
    Image out(width, height, image.channels(), image.colorSpace());
    out.setMetadata(image.metadata());
    return out;
}

/// Each pixel (x, y) of the result is the pixel source(x, y) of `image`.
template <typename SourceOf>
Image rearranged(const Image& image, int width, int height, const SourceOf& source,
                 const Cancel& cancel = {}) {
    Image out = like(image, width, height);
    const auto channels = static_cast<std::size_t>(image.channels());
    float* values = out.edit().data();
    pixels::forEachRow(
        out,
        [&](int y) {
            float* to = values + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * channels;
            for (int x = 0; x < width; ++x, to += channels) {
                const auto [sx, sy] = source(x, y);
                std::copy_n(image.pixel(sx, sy), channels, to);
            }
        },
        cancel);
    return out;
}

using Place = std::pair<int, int>;

/// −1 → 0, −2 → 1, n → n−1, …: the edge pixel is repeated once.
int mirrored(int i, int n) {
    i %= 2 * n;
    if (i < 0) i += 2 * n;
    return i < n ? i : 2 * n - 1 - i;
}

} // namespace

Image crop(const Image& image, int x, int y, int width, int height) {
    const bool inside = x >= 0 && y >= 0 && width >= 1 && height >= 1 && width <= image.width() - x &&
                        height <= image.height() - y;
    if (!inside)
        throw Error(fmt::format("the part {}×{} at {}, {} does not lie in a picture of {}×{}", width, height,
                                x, y, image.width(), image.height()),
                    "move or shrink the part");
    return rearranged(image, width, height, [&](int px, int py) { return Place{px + x, py + y}; });
}

Image pad(const Image& image, int left, int top, int right, int bottom, PadMode mode,
          std::array<float, 4> color) {
    if (image.empty()) throw Error("there is no picture to pad");
    if (left < 0 || top < 0 || right < 0 || bottom < 0)
        throw Error(fmt::format("padding of {}, {}, {}, {} is negative", left, top, right, bottom),
                    "use Crop to cut");
    const std::int64_t width = std::int64_t{image.width()} + left + right,
                       height = std::int64_t{image.height()} + top + bottom;
    if (width > 65536 || height > 65536)
        throw Error(fmt::format("padding gives {}×{} pixels", width, height), "the limit is 65536 a side");
    const int w = static_cast<int>(width), h = static_cast<int>(height);
    if (mode != PadMode::Color) {
        const auto index = [&](int i, int n) {
            return mode == PadMode::Edge ? std::clamp(i, 0, n - 1) : mirrored(i, n);
        };
        return rearranged(image, w, h, [&](int x, int y) {
            return Place{index(x - left, image.width()), index(y - top, image.height())};
        });
    }
    Image out = like(image, w, h);
    const auto channels = static_cast<std::size_t>(image.channels());
    std::span<float> values = out.edit();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t c = i % channels;
        const bool alpha = image.hasAlpha() && c == channels - 1;
        values[i] = alpha ? color[3] : channels <= 2 ? color[0] : c < 3 ? color[c] : 0;
    }
    for (int y = 0; y < image.height(); ++y)
        std::copy_n(image.pixel(0, y), static_cast<std::size_t>(image.width()) * channels,
                    values.data() + (static_cast<std::size_t>(y + top) * static_cast<std::size_t>(w) +
                                     static_cast<std::size_t>(left)) *
                                        channels);
    return out;
}

Image flipHorizontal(const Image& image) {
    return oriented(image, 2);
}

Image flipVertical(const Image& image) {
    return oriented(image, 4);
}

Image rotated(const Image& image, int quarterTurns) {
    constexpr int kOrientation[] = {1, 6, 3, 8};
    return oriented(image, kOrientation[((quarterTurns % 4) + 4) % 4]);
}

Image oriented(const Image& image, int orientation, const Cancel& cancel) {
    const int w = image.width(), h = image.height();
    const auto turn = [&](int width, int height, const auto& source) {
        return rearranged(image, width, height, source, cancel);
    };
    switch (orientation) {
    case 2:
        return turn(w, h, [&](int x, int y) { return Place{w - 1 - x, y}; });
    case 3:
        return turn(w, h, [&](int x, int y) { return Place{w - 1 - x, h - 1 - y}; });
    case 4:
        return turn(w, h, [&](int x, int y) { return Place{x, h - 1 - y}; });
    case 5:
        return turn(h, w, [&](int x, int y) { return Place{y, x}; });
    case 6:
        return turn(h, w, [&](int x, int y) { return Place{y, h - 1 - x}; });
    case 7:
        return turn(h, w, [&](int x, int y) { return Place{w - 1 - y, h - 1 - x}; });
    case 8:
        return turn(h, w, [&](int x, int y) { return Place{w - 1 - y, x}; });
    default:
        return image;
    }
}

} // namespace ochre
