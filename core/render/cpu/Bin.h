// SPDX-License-Identifier: GPL-3.0-or-later
// Which splats touch which tile: one list a tile, nearest first, all of them in one piece of memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/TaskPool.h"
#include "core/render/cpu/Raster.h"
#include "core/render/cpu/Sort.h"

namespace ochre::raster {

/// Rows of tiles, the last one not included.
struct Band {
    int first, last;
};

class TileLists {
public:
    /// `mostEntries` of all lists together are made at a time: 4 bytes each.
    explicit TileLists(std::size_t mostEntries = std::size_t{1} << 27) : m_most(mostEntries) {}

    /// Makes the lists of a band of a picture of width × height pixels from splats in the order of their depth. False where they
    /// do not fit, unless the band is a single row: draw it in halves.
    bool make(const Drawn* all, std::span<const Entry> sorted, int width, int height, Band band, TaskPool& pool,
              const Cancel& cancel);
    std::span<const std::uint32_t> list(int row, int column) const; ///< of the band

private:
    struct Span {
        std::uint32_t index;
        std::uint16_t row, first, last; ///< tiles, the last one included; rows from the band's first
    };
    struct Piece {
        Pages<Span> spans;
        std::vector<std::uint32_t> counts; ///< of each tile; while they are counted, by how much it grows from column to column
        bool tooMany = false;
    };

    bool countPieces(const Drawn* all, std::span<const Entry> sorted, int width, int height, TaskPool& pool, const Cancel& cancel);
    void addSpans(const Drawn& splat, std::uint32_t index, int width, int height, Piece& piece) const;
    bool findStarts();

    std::size_t m_most;
    Band m_band{};
    int m_across = 0;
    std::vector<Piece> m_pieces;
    std::size_t m_used = 0; ///< of the pieces
    std::vector<std::size_t> m_starts; ///< of the lists, with the end behind
    Pages<std::uint32_t> m_lists;
};

} // namespace ochre::raster
