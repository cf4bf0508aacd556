// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

float softLight(float below, float above) {
    if (above <= 0.5f) return below - (1 - 2 * above) * below * (1 - below);
    const float d =
        below <= 0.25f ? ((16 * below - 12) * below + 4) * below : std::sqrt(std::max(below, 0.0f));
    return below + (2 * above - 1) * (d - below);
}

float blend(BlendMode mode, float below, float above) {
    switch (mode) {
    case BlendMode::Normal:
        return above;
    case BlendMode::Multiply:
        return below * above;
    case BlendMode::Screen:
        return below + above - below * above;
    case BlendMode::Overlay:
        return below <= 0.5f ? 2 * below * above : 1 - 2 * (1 - below) * (1 - above);
    case BlendMode::SoftLight:
        return softLight(below, above);
    case BlendMode::Difference:
        return std::fabs(below - above);
    case BlendMode::Add:
        return below + above;
    case BlendMode::Subtract:
        return below - above;
    }
    return above;
}

/// Source over with a blended colour where both lie (W3C Compositing and Blending 1, 5.8). Straight alpha.
void blendPixel(float* to, const float* from, int colors, bool alpha, float opacity, bool fromAlpha,
                BlendMode mode) {
    const float above = (fromAlpha ? from[colors] : 1.0f) * opacity;
    if (above <= 0) return;
    const float below = alpha ? to[colors] : 1.0f;
    const float result = above + below - above * below;
    for (int c = 0; c < colors; ++c) {
        const float mixed = (1 - below) * from[c] + below * blend(mode, to[c], from[c]);
        to[c] = above >= 1 ? mixed : (above * mixed + (1 - above) * below * to[c]) / result;
    }
    if (alpha) to[colors] = result;
}

} // namespace

Image composite(const Image& base, const Image& over, int x, int y, float opacity, BlendMode mode,
                const Cancel& cancel) {
    if (base.empty() || over.empty()) throw Error("there is no picture to lay over the other");
    if (base.channels() > 4 || over.channels() > 4)
        throw Error(
            fmt::format("pictures of {} and {} channels cannot be blended", base.channels(), over.channels()),
            "choose their colour channels first");
    // Grey under colour becomes colour.
    const int colors = base.channels() >= 3 || over.channels() >= 3 ? 3 : 1;
    Image out = withChannels(base, colors + (base.hasAlpha() ? 1 : 0), cancel);
    const Image above = withChannels(toColorSpace(over, base.colorSpace(), cancel),
                                     colors + (over.hasAlpha() ? 1 : 0), cancel);
    markDigitalSourceType(out, digitalSourceTypeOf(over));
    const std::int64_t left = std::max(x, 0),
                       right = std::min<std::int64_t>(std::int64_t{x} + over.width(), base.width());
    const std::int64_t top = std::max(y, 0),
                       bottom = std::min<std::int64_t>(std::int64_t{y} + over.height(), base.height());
    if (left >= right || top >= bottom) return out;
    float* values = out.edit().data();
    const auto step = static_cast<std::size_t>(out.channels());
    pixels::forEachRow(
        out,
        [&](int row) {
            if (row < top || row >= bottom) return;
            const auto begin = static_cast<int>(left);
            float* to = values + (static_cast<std::size_t>(row) * static_cast<std::size_t>(out.width()) +
                                  static_cast<std::size_t>(begin)) *
                                     step;
            const float* from = above.pixel(begin - x, row - y);
            for (std::int64_t i = left; i < right; ++i, to += step, from += above.channels())
                blendPixel(to, from, colors, out.hasAlpha(), opacity, above.hasAlpha(), mode);
        },
        cancel);
    return out;
}

} // namespace ochre
