// SPDX-License-Identifier: GPL-3.0-or-later
// A tile's pixels in registers. A tile is 32 cells of 4×2 pixels, numbered down its eight strips and then across its four columns; a
// register holds half a cell, a cell, or two of them one above the other.
#pragma once

#include "core/render/cpu/Raster.h"
#include "core/render/cpu/RasterLanes.h"

namespace ochre::raster {
namespace {

constexpr int kStrips = 8, kColumns = 4;

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
[[gnu::always_inline]] inline void clear(Canvas<N>& canvas) {
    for (int part = 0; part < Canvas<N>::kParts; ++part) {
        canvas.transmittance[part] = filled<N>(1.0f);
        canvas.red[part] = canvas.green[part] = canvas.blue[part] = Float<N>{};
    }
}

/// Calls to(part, lane, pixel of the tile) for all.
template <int N, typename To>
[[gnu::always_inline]] inline void overPixels(To to) {
    for (int part = 0; part < Canvas<N>::kParts; ++part) {
        const int cell = part * N / 8, row = 2 * (cell % kStrips) + (N == 4 ? part % 2 : 0), column = 4 * (cell / kStrips);
        for (int i = 0; i < N; ++i) to(part, i, (row + i / 4) * kTile + column + i % 4);
    }
}

} // namespace
} // namespace ochre::raster
