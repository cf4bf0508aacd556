// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/Bin.h"

#include <algorithm>
#include <cmath>

namespace ochre::raster {
namespace {

constexpr std::size_t kLeastPiece = 4096;            // splats that are worth a task
constexpr std::size_t kMostCounters = std::size_t{1} << 24; // of all pieces together
constexpr std::size_t kAhead = 16;                   // splats whose memory is asked for beforehand

struct Range {
    int first, last; ///< empty where last < first
};

/// The pixels out of 0 … size − 1 whose centres lie between two places.
Range pixelsWithin(float low, float high, int size) {
    const float most = static_cast<float>(size);
    return {static_cast<int>(std::ceil(std::clamp(low - 0.5f, 0.0f, most))),
            static_cast<int>(std::floor(std::clamp(high - 0.5f, -1.0f, most - 1)))};
}

/// The columns where the splat can reach pixels of the rows whose centres are from `top` to `bottom`.
Range reached(const Drawn& s, float top, float bottom, int width) {
    const float atRight = std::clamp(s.tipY, top - s.y, bottom - s.y), atLeft = std::clamp(-s.tipY, top - s.y, bottom - s.y);
    const float right = s.spanWidth - s.spanFall * atRight * atRight, left = s.spanWidth - s.spanFall * atLeft * atLeft;
    if (!(right >= 0 && left >= 0)) return {0, -1};
    const float spare = s.extentX * 1e-4f + 0.01f;
    return pixelsWithin(s.x + s.slant * atLeft - std::sqrt(left) - spare, s.x + s.slant * atRight + std::sqrt(right) + spare, width);
}

} // namespace

void TileLists::addSpans(const Drawn& s, std::uint32_t index, int width, int height, Piece& piece) const {
    const Range columns = pixelsWithin(s.x - s.extentX, s.x + s.extentX, width);
    const Range rows = pixelsWithin(s.y - s.extentY, s.y + s.extentY, height);
    if (columns.last < columns.first || rows.last < rows.first) return;
    const int firstRow = std::max(rows.first / kTile, m_band.first), lastRow = std::min(rows.last / kTile, m_band.last - 1);
    const bool wide = columns.first / kTile < columns.last / kTile;
    for (int row = firstRow; row <= lastRow; ++row) {
        Range pixels = columns;
        if (wide && firstRow < lastRow) {
            const float top = static_cast<float>(row * kTile) + 0.5f;
            const Range r = reached(s, top, top + (kTile - 1), width);
            pixels = {std::max(r.first, columns.first), std::min(r.last, columns.last)};
            if (pixels.last < pixels.first) continue;
        }
        const Span span{index, static_cast<std::uint16_t>(row - m_band.first), static_cast<std::uint16_t>(pixels.first / kTile),
                        static_cast<std::uint16_t>(pixels.last / kTile)};
        piece.spans.push_back(span);
        std::uint32_t* counts = &piece.counts[static_cast<std::size_t>(span.row) * static_cast<std::size_t>(m_across + 1)];
        ++counts[span.first];
        --counts[span.last + 1];
    }
}

bool TileLists::countPieces(const Drawn* all, std::span<const Entry> sorted, int width, int height, TaskPool& pool,
                            const Cancel& cancel) {
    const std::size_t n = sorted.size(), counters = static_cast<std::size_t>(m_band.last - m_band.first) * static_cast<std::size_t>(m_across + 1);
    m_used = std::clamp<std::size_t>(n / kLeastPiece, 1, std::min(std::size_t{4} * pool.threads(), std::max<std::size_t>(1, kMostCounters / counters)));
    if (m_pieces.size() < m_used) m_pieces.resize(m_used);
    const std::size_t mostSpans = m_band.last - m_band.first > 1 ? m_most / m_used : n;
    pool.parallelFor(m_used, 1, [&](std::size_t firstPiece, std::size_t lastPiece) {
        for (std::size_t p = firstPiece; p < lastPiece; ++p) {
            Piece& piece = m_pieces[p];
            piece.spans.clear();
            piece.counts.assign(counters, 0);
            const std::size_t end = n * (p + 1) / m_used;
            for (std::size_t i = n * p / m_used; i < end && piece.spans.size() <= mostSpans; ++i) {
                if (i % 1024 == 0) cancel.check();
                __builtin_prefetch(&all[sorted[std::min(i + kAhead, end - 1)].index]);
                addSpans(all[sorted[i].index], sorted[i].index, width, height, piece);
            }
            piece.tooMany = piece.spans.size() > mostSpans;
        }
    }, cancel);
    return std::none_of(m_pieces.begin(), m_pieces.begin() + static_cast<std::ptrdiff_t>(m_used), [](const Piece& p) { return p.tooMany; });
}

/// Each piece's counters become the places where it writes, counted from the start of the tile's list.
bool TileLists::findStarts() {
    const auto across = static_cast<std::size_t>(m_across), rows = static_cast<std::size_t>(m_band.last - m_band.first);
    m_starts.assign(across * rows + 1, 0);
    std::vector<std::uint32_t> growth(m_used);
    std::size_t total = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        std::fill(growth.begin(), growth.end(), 0);
        for (std::size_t column = 0; column < across; ++column) {
            m_starts[row * across + column] = total;
            std::uint32_t within = 0;
            for (std::size_t p = 0; p < m_used; ++p) {
                std::uint32_t& counter = m_pieces[p].counts[row * (across + 1) + column];
                growth[p] += counter;
                counter = within;
                within += growth[p];
            }
            total += within;
        }
    }
    m_starts.back() = total;
    return total <= m_most || rows == 1;
}

bool TileLists::make(const Drawn* all, std::span<const Entry> sorted, int width, int height, Band band, TaskPool& pool,
                     const Cancel& cancel) {
    m_band = band;
    m_across = (width + kTile - 1) / kTile;
    if (!countPieces(all, sorted, width, height, pool, cancel) || !findStarts()) return false;
    if (m_lists.size() < m_starts.back()) m_lists.resize(m_starts.back());
    const auto across = static_cast<std::size_t>(m_across);
    pool.parallelFor(m_used, 1, [&](std::size_t firstPiece, std::size_t lastPiece) {
        for (std::size_t p = firstPiece; p < lastPiece; ++p)
            for (const Span& s : m_pieces[p].spans) {
                const std::size_t* starts = &m_starts[s.row * across];
                std::uint32_t* written = &m_pieces[p].counts[s.row * (across + 1)];
                for (std::size_t column = s.first; column <= s.last; ++column) m_lists[starts[column] + written[column]++] = s.index;
            }
    }, cancel);
    return true;
}

std::span<const std::uint32_t> TileLists::list(int row, int column) const {
    const std::size_t tile = static_cast<std::size_t>(row - m_band.first) * static_cast<std::size_t>(m_across) + static_cast<std::size_t>(column);
    return std::span(m_lists).subspan(m_starts[tile], m_starts[tile + 1] - m_starts[tile]);
}

} // namespace ochre::raster
