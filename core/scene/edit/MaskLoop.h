// SPDX-License-Identifier: GPL-3.0-or-later
// Work on all splats of a set, on all cores.
#pragma once

#include <algorithm>
#include <bit>

#include "core/base/Cancel.h"
#include "core/base/TaskPool.h"
#include "core/scene/edit/SplatMask.h"

namespace ochre {

inline constexpr std::size_t kMaskWords = 256; ///< of 64 splats, for one piece of work

/// visit(i) for each splat of the set; pieces of whole words at the same time.
template <typename Visit>
void forEachIn(const SplatMask& mask, const Visit& visit, const Cancel& cancel = {}) {
    const std::span<const std::uint64_t> words = mask.words();
    TaskPool::shared().parallelFor(
        words.size(), kMaskWords,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t w = first; w < last; ++w) {
                if (words[w] == ~std::uint64_t{0}) {
                    for (std::size_t i = 64 * w; i < 64 * w + 64; ++i) visit(i);
                    continue;
                }
                for (std::uint64_t word = words[w]; word != 0; word &= word - 1)
                    visit(64 * w + static_cast<std::size_t>(std::countr_zero(word)));
            }
        },
        cancel);
}

/// How many of the set come before each piece of kMaskWords words, and behind the last one all.
std::vector<std::size_t> ranksOf(const SplatMask& mask);

/// visit(rank, i) for each: number `rank` of the set.
template <typename Visit>
void forEachRanked(const SplatMask& mask, const Visit& visit, const Cancel& cancel = {}) {
    const std::vector<std::size_t> ranks = ranksOf(mask);
    const std::span<const std::uint64_t> words = mask.words();
    TaskPool::shared().parallelFor(
        ranks.size() - 1, 1,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t piece = first; piece < last; ++piece) {
                std::size_t rank = ranks[piece];
                for (std::size_t w = piece * kMaskWords; w < std::min((piece + 1) * kMaskWords, words.size()); ++w)
                    for (std::uint64_t word = words[w]; word != 0; word &= word - 1)
                        visit(rank++, 64 * w + static_cast<std::size_t>(std::countr_zero(word)));
            }
        },
        cancel);
}

} // namespace ochre
