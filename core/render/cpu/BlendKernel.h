// SPDX-License-Identifier: GPL-3.0-or-later
// One tile's splats over each other, nearest first, lanes across pixels.
#pragma once

#include "core/render/cpu/Canvas.h"
#include "core/render/cpu/ProjectKernel.h"

namespace ochre::raster {
namespace {

constexpr float kAlphaCap = 0.99f; // a splat never hides all
constexpr float kStop = 1e-4f;     // transmittance at which a pixel is full
constexpr int kLook = 16;          // splats between two looks at which cells are full
constexpr int kAhead = 8;          // splats whose memory is asked for beforehand

/// The cells whose pixels' centres the splat can reach, a bit each; x, y: the centre of the tile's first pixel.
[[gnu::always_inline]] inline std::uint32_t cellsReached(const Drawn& s, float x, float y) {
    using F = Float<kStrips>;
    const F strips{0, 2, 4, 6, 8, 10, 12, 14};
    const F top = strips + (y - s.y), bottom = top + 1.0f;
    // Within a strip the ellipse reaches furthest where it is nearest to its own tip.
    const F atRight = smaller(larger(filled<kStrips>(s.tipY), top), bottom), atLeft = smaller(larger(filled<kStrips>(-s.tipY), top), bottom);
    const F right = s.spanWidth - s.spanFall * atRight * atRight, left = s.spanWidth - s.spanFall * atLeft * atLeft;
    const auto crossed = (right >= 0.0f) & (left >= 0.0f);
    const F last = s.slant * atRight + squareRoot<kStrips>(right) + (s.x - x + kSparePixels);
    const F first = s.slant * atLeft - squareRoot<kStrips>(left) + (s.x - x - kSparePixels);
    std::uint32_t cells = 0;
    for (int column = 0; column < kColumns; ++column) {
        const float from = static_cast<float>(4 * column);
        cells |= bitMask<kStrips>(crossed & (first <= from + 3.0f) & (last >= from)) << (kStrips * column);
    }
    return cells;
}

/// One splat over some pixels. `also` is called with its weight in each of them and the light before and behind it.
template <int N, typename Also>
[[gnu::always_inline]] inline void blendPart(const Drawn& s, Float<N> dx, Float<N> dy, Canvas<N>& canvas, int part, Also also) {
    using F = Float<N>;
    const F u = dx - s.slant * dy;
    const F power = (s.level - s.c * dy * dy) - s.a * u * u;
    const F alpha = keep<N>(power >= kCut, smaller(exp2Within<N>(power), filled<N>(kAlphaCap)));
    const F before = canvas.transmittance[part], taken = before * alpha, after = before - taken;
    const Int<N> goesOn = after >= kStop;
    const F weight = keep<N>(goesOn, taken);
    canvas.red[part] += weight * s.red;
    canvas.green[part] += weight * s.green;
    canvas.blue[part] += weight * s.blue;
    canvas.transmittance[part] = goesOn ? after : floatOf<N>(bitsOf<N>(before) | bitsOf<N>(filled<N>(-0.0f)));
    also(part, weight, before, after);
}

/// `also` as in blendPart, with the splat's index before.
template <int N, typename Also>
[[gnu::always_inline]] inline void walk(const Drawn* all, const std::uint32_t* list, long count, int x, int y, Canvas<N>& canvas,
                                        Also also) {
    using F = Float<N>;
    const Places<N> places;
    const float firstX = static_cast<float>(x) + 0.5f, firstY = static_cast<float>(y) + 0.5f;
    std::uint32_t open = ~0u;
    for (long i = 0; i < count; ++i) {
        if (i % kLook == kLook - 1) {
            open = openCells<N>(canvas);
            if (!open) break;
        }
        __builtin_prefetch(all + list[i + kAhead < count ? i + kAhead : i]);
        const std::uint32_t index = list[i];
        const Drawn& s = all[index];
        const auto each = [&](int part, F weight, F before, F after) __attribute__((always_inline)) {
            also(index, part, weight, before, after);
        };
        const float x0 = firstX - s.x, y0 = firstY - s.y;
        for (std::uint32_t parts = partsOf<N>(cellsReached(s, firstX, firstY) & open); parts; parts &= parts - 1) {
            const int cell = __builtin_ctz(parts), strip = cell % kStrips;
            const F dx = places.x[cell / kStrips] + x0;
            if constexpr (N == 4) {
                blendPart<N>(s, dx, places.y[2 * strip] + y0, canvas, 2 * cell, each);
                blendPart<N>(s, dx, places.y[2 * strip + 1] + y0, canvas, 2 * cell + 1, each);
            } else {
                blendPart<N>(s, dx, places.y[strip * 8 / N] + y0, canvas, cell * 8 / N, each);
            }
        }
    }
}

template <int N>
void blend(const Drawn* all, const std::uint32_t* list, long count, int x, int y, Tile& tile) {
    Canvas<N> canvas;
    clear<N>(canvas);
    walk<N>(all, list, count, x, y, canvas, [](std::uint32_t, int, Float<N>, Float<N>, Float<N>) __attribute__((always_inline)) {});
    overPixels<N>([&](int part, int lane, int pixel) __attribute__((always_inline)) {
        float* to = tile.rgba + 4 * pixel;
        to[0] = canvas.red[part][lane];
        to[1] = canvas.green[part][lane];
        to[2] = canvas.blue[part][lane];
        to[3] = 1.0f - __builtin_fabsf(canvas.transmittance[part][lane]);
    });
}

} // namespace
} // namespace ochre::raster
