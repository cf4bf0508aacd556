// SPDX-License-Identifier: GPL-3.0-or-later
// A set of the splats of a cloud: one bit each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/Json.h"

namespace ochre {

class SplatMask {
public:
    SplatMask() = default;
    explicit SplatMask(std::size_t size, bool value = false);

    std::size_t size() const { return m_size; }
    std::size_t count() const; ///< of those that are in it
    bool none() const;
    bool operator[](std::size_t i) const { return (m_words[i / 64] >> (i % 64) & 1) != 0; }
    void set(std::size_t i, bool value = true) {
        const std::uint64_t bit = std::uint64_t{1} << (i % 64);
        m_words[i / 64] = value ? m_words[i / 64] | bit : m_words[i / 64] & ~bit;
    }
    void resize(std::size_t size); ///< new splats are not in it

    void invert();
    // Both of one size.
    SplatMask& operator|=(const SplatMask& other);
    SplatMask& operator&=(const SplatMask& other);
    SplatMask& operator-=(const SplatMask& other); ///< without those of the other
    bool operator==(const SplatMask&) const = default;

    std::vector<std::uint32_t> indices() const; ///< in rising order
    /// 64 splats each, the first in the lowest bit; bits past the end are 0 and must stay so. Different words may be written by
    /// different threads.
    std::span<std::uint64_t> words() { return m_words; }
    std::span<const std::uint64_t> words() const { return m_words; }

private:
    std::size_t m_size = 0;
    std::vector<std::uint64_t> m_words;
};

/// Lengths of runs, of those outside first: [3, 2, 1] is three outside, two in it, one outside.
Json toJson(const SplatMask& mask);
/// Throws Error with `subject`. The runs must add up to `size`.
SplatMask maskFromJson(const Json& json, std::size_t size, std::string_view subject);

} // namespace ochre
