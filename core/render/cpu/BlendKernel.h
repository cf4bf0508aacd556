// SPDX-License-Identifier: GPL-3.0-or-later
// One tile's splats over each other, nearest first, lanes across pixels. A tile is 32 cells of 4×2 pixels, numbered down its
// eight strips and then across its four columns; a register holds half a cell, a cell, or two of them one above the other.
#pragma once

#include "core/render/cpu/ProjectKernel.h"

namespace ochre::raster {
namespace {

constexpr float kAlphaCap = 0.99f; // a splat never hides all
constexpr float kStop = 1e-4f;     // transmittance at which a pixel is full
constexpr int kCells = 32, kStrips = 8, kColumns = 4;
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

/// A tile's pixels while it is drawn. A full pixel's transmittance is negative.
template <int N>
struct Canvas {
    static constexpr int kParts = kTilePixels / N;
    Float<N> transmittance[kParts], red[kParts], green[kParts], blue[kParts];
};

/// Registers in the order of the cells: with 4 lanes two of each cell, with 16 one of two cells.
template <int N>
[[gnu::always_inline]] inline std::uint32_t partsOf(std::uint32_t cells) {
    return N == 16 ? (cells | cells >> 1) & 0x55555555u : cells;
}

template <int N>
[[gnu::always_inline]] inline void blendPart(const Drawn& s, Float<N> dx, Float<N> dy, Canvas<N>& canvas, int part) {
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
}

template <int N>
[[gnu::always_inline]] inline std::uint32_t openCells(const Canvas<N>& canvas) {
    std::uint32_t open = 0;
    for (int part = 0; part < Canvas<N>::kParts; ++part)
        if (bitMask<N>(canvas.transmittance[part] > 0.0f)) {
            if constexpr (N == 4) open |= 1u << (part / 2);
            else if constexpr (N == 8) open |= 1u << part;
            else open |= 3u << (2 * part);
        }
    return open;
}

/// Where the lanes' pixels lie in the tile, for each column and row of parts.
template <int N>
struct Places {
    static constexpr int kRows = N / 4; ///< of a part
    Float<N> x[kColumns], y[kTile / kRows];

    Places() {
        for (int i = 0; i < N; ++i) {
            for (int c = 0; c < kColumns; ++c) x[c][i] = static_cast<float>(4 * c + i % 4);
            for (int r = 0; r < kTile / kRows; ++r) y[r][i] = static_cast<float>(kRows * r + i / 4);
        }
    }
};

template <int N>
[[gnu::always_inline]] inline void writeTile(const Canvas<N>& canvas, Tile& tile) {
    for (int part = 0; part < Canvas<N>::kParts; ++part) {
        const int cell = part * N / 8, row = 2 * (cell % kStrips) + (N == 4 ? part % 2 : 0), column = 4 * (cell / kStrips);
        for (int i = 0; i < N; ++i) {
            float* to = tile.rgba + 4 * ((row + i / 4) * kTile + column + i % 4);
            to[0] = canvas.red[part][i];
            to[1] = canvas.green[part][i];
            to[2] = canvas.blue[part][i];
            to[3] = 1.0f - __builtin_fabsf(canvas.transmittance[part][i]);
        }
    }
}

template <int N>
void blend(const Drawn* all, const std::uint32_t* list, long count, int x, int y, Tile& tile) {
    using F = Float<N>;
    Canvas<N> canvas;
    for (int part = 0; part < Canvas<N>::kParts; ++part) {
        canvas.transmittance[part] = filled<N>(1.0f);
        canvas.red[part] = canvas.green[part] = canvas.blue[part] = F{};
    }
    const Places<N> places;
    const float firstX = static_cast<float>(x) + 0.5f, firstY = static_cast<float>(y) + 0.5f;
    std::uint32_t open = ~0u;
    for (long i = 0; i < count; ++i) {
        if (i % kLook == kLook - 1) {
            open = openCells<N>(canvas);
            if (!open) break;
        }
        __builtin_prefetch(all + list[i + kAhead < count ? i + kAhead : i]);
        const Drawn& s = all[list[i]];
        const float x0 = firstX - s.x, y0 = firstY - s.y;
        for (std::uint32_t parts = partsOf<N>(cellsReached(s, firstX, firstY) & open); parts; parts &= parts - 1) {
            const int cell = __builtin_ctz(parts), strip = cell % kStrips;
            const F dx = places.x[cell / kStrips] + x0;
            if constexpr (N == 4) {
                blendPart<N>(s, dx, places.y[2 * strip] + y0, canvas, 2 * cell);
                blendPart<N>(s, dx, places.y[2 * strip + 1] + y0, canvas, 2 * cell + 1);
            } else {
                blendPart<N>(s, dx, places.y[strip * 8 / N] + y0, canvas, cell * 8 / N);
            }
        }
    }
    writeTile<N>(canvas, tile);
}

} // namespace
} // namespace ochre::raster
