// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatMask.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/scene/edit/MaskLoop.h"

namespace ochre {
namespace {

/// The bits of the last word that stand for splats; all of a full one.
std::uint64_t lastBits(std::size_t size) {
    return size % 64 == 0 ? ~std::uint64_t{0} : (std::uint64_t{1} << (size % 64)) - 1;
}

void checkSizes(const SplatMask& a, const SplatMask& b) {
    if (a.size() != b.size())
        throw Error(fmt::format("sets of splats of two clouds, of {} and {}, cannot be joined", a.size(), b.size()));
}

} // namespace

SplatMask::SplatMask(std::size_t size, bool value)
    : m_size(size), m_words(ceilDivide<std::size_t>(size, 64), value ? ~std::uint64_t{0} : 0) {
    if (value && size > 0) m_words.back() &= lastBits(size);
}

std::size_t SplatMask::count() const {
    std::size_t sum = 0;
    for (const std::uint64_t word : m_words) sum += static_cast<std::size_t>(std::popcount(word));
    return sum;
}

bool SplatMask::none() const {
    return std::all_of(m_words.begin(), m_words.end(), [](std::uint64_t word) { return word == 0; });
}

void SplatMask::resize(std::size_t size) {
    m_words.resize(ceilDivide<std::size_t>(size, 64));
    if (size < m_size && size > 0) m_words.back() &= lastBits(size);
    m_size = size;
}

void SplatMask::invert() {
    for (std::uint64_t& word : m_words) word = ~word;
    if (m_size > 0) m_words.back() &= lastBits(m_size);
}

SplatMask& SplatMask::operator|=(const SplatMask& other) {
    checkSizes(*this, other);
    for (std::size_t i = 0; i < m_words.size(); ++i) m_words[i] |= other.m_words[i];
    return *this;
}

SplatMask& SplatMask::operator&=(const SplatMask& other) {
    checkSizes(*this, other);
    for (std::size_t i = 0; i < m_words.size(); ++i) m_words[i] &= other.m_words[i];
    return *this;
}

SplatMask& SplatMask::operator-=(const SplatMask& other) {
    checkSizes(*this, other);
    for (std::size_t i = 0; i < m_words.size(); ++i) m_words[i] &= ~other.m_words[i];
    return *this;
}

std::vector<std::uint32_t> SplatMask::indices() const {
    std::vector<std::uint32_t> found(count());
    forEachRanked(*this, [&](std::size_t rank, std::size_t i) { found[rank] = static_cast<std::uint32_t>(i); });
    return found;
}

std::vector<std::size_t> ranksOf(const SplatMask& mask) {
    const std::span<const std::uint64_t> words = mask.words();
    std::vector<std::size_t> ranks{0};
    for (std::size_t first = 0; first < words.size(); first += kMaskWords) {
        std::size_t sum = ranks.back();
        for (const std::uint64_t word : words.subspan(first, std::min(kMaskWords, words.size() - first)))
            sum += static_cast<std::size_t>(std::popcount(word));
        ranks.push_back(sum);
    }
    return ranks;
}

Json toJson(const SplatMask& mask) {
    Json runs = Json::array();
    bool inside = false;
    std::size_t from = 0;
    for (std::size_t i = 0; i < mask.size(); ++i)
        if (mask[i] != inside) {
            runs.push_back(i - from);
            from = i;
            inside = !inside;
        }
    runs.push_back(mask.size() - from);
    return runs;
}

SplatMask maskFromJson(const Json& json, std::size_t size, std::string_view subject) {
    if (!json.is_array()) throw broken(fmt::format("{}: a set of splats is a list of runs", subject));
    SplatMask mask(size);
    std::size_t at = 0;
    bool inside = false;
    for (const Json& run : json) {
        if (!run.is_number_unsigned() || run.get<std::uint64_t>() > size - at)
            throw broken(fmt::format("{}: the runs of a set of splats go past the {} of the cloud", subject, size),
                         "the edits belong to another cloud");
        const auto length = run.get<std::size_t>();
        for (std::size_t i = at; inside && i < at + length; ++i) mask.set(i);
        at += length;
        inside = !inside;
    }
    if (at != size)
        throw broken(fmt::format("{}: the runs of a set of splats end at {} of {}", subject, at, size),
                     "the edits belong to another cloud");
    return mask;
}

} // namespace ochre
