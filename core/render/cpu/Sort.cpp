// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/Sort.h"

#include <algorithm>
#include <array>
#include <bit>

namespace ochre::raster {
namespace {

constexpr int kBits = 8, kPasses = 32 / kBits;
constexpr std::size_t kBuckets = std::size_t{1} << kBits;
constexpr std::size_t kLeastPiece = 1 << 15; // entries that are worth a task

using Histogram = std::array<std::uint32_t, kBuckets>;

std::size_t bucketOf(std::uint32_t key, int pass) {
    return key >> (kBits * pass) & (kBuckets - 1);
}

/// Calls body(piece, begin, end) for each of the pieces of n.
template <typename Body>
void overPieces(std::size_t n, std::size_t pieces, TaskPool& pool, const Cancel& cancel, const Body& body) {
    pool.parallelFor(pieces, 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t p = first; p < last; ++p) body(p, n * p / pieces, n * (p + 1) / pieces);
    }, cancel);
}

/// Where each piece writes the first entry of each bucket.
void startsOf(std::vector<Histogram>& counts) {
    std::uint32_t next = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        for (Histogram& piece : counts) next += std::exchange(piece[bucket], next);
}

} // namespace

DepthKeys::DepthKeys(double near, double far) : m_first(std::bit_cast<std::uint64_t>(near)) {
    // Positive numbers are ordered as their bits are.
    const std::uint64_t last = std::bit_cast<std::uint64_t>(std::max(near, far));
    m_shift = std::max(0, static_cast<int>(std::bit_width(last - m_first)) - 32);
}

std::uint32_t DepthKeys::operator()(double depth) const {
    const std::uint64_t key = (std::bit_cast<std::uint64_t>(depth) - m_first) >> m_shift;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(key, 0xffffffff));
}

void sortEntries(Pages<Entry>& entries, Pages<Entry>& room, TaskPool& pool, const Cancel& cancel) {
    const std::size_t n = entries.size();
    const std::size_t pieces = std::clamp<std::size_t>(n / kLeastPiece, 1, std::size_t{4} * pool.threads());
    room.resize(n);
    std::vector<std::array<Histogram, kPasses>> all(pieces);
    overPieces(n, pieces, pool, cancel, [&](std::size_t p, std::size_t begin, std::size_t end) {
        for (Histogram& h : all[p]) h.fill(0);
        for (std::size_t i = begin; i < end; ++i)
            for (int pass = 0; pass < kPasses; ++pass) ++all[p][static_cast<std::size_t>(pass)][bucketOf(entries[i].key, pass)];
    });
    std::vector<Histogram> counts(pieces);
    bool moved = false; // then the entries of a piece are no longer those that were counted
    for (int pass = 0; pass < kPasses; ++pass) {
        const auto which = static_cast<std::size_t>(pass);
        std::uint32_t sameAsFirst = 0;
        for (std::size_t p = 0; p < pieces; ++p) {
            counts[p] = all[p][which];
            if (n > 0) sameAsFirst += counts[p][bucketOf(entries[0].key, pass)];
        }
        if (sameAsFirst == n) continue;
        if (moved && pieces > 1)
            overPieces(n, pieces, pool, cancel, [&](std::size_t p, std::size_t begin, std::size_t end) {
                counts[p].fill(0);
                for (std::size_t i = begin; i < end; ++i) ++counts[p][bucketOf(entries[i].key, pass)];
            });
        startsOf(counts);
        overPieces(n, pieces, pool, cancel, [&](std::size_t p, std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) room[counts[p][bucketOf(entries[i].key, pass)]++] = entries[i];
        });
        entries.swap(room);
        moved = true;
    }
}

} // namespace ochre::raster
