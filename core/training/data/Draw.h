// SPDX-License-Identifier: GPL-3.0-or-later
// Random numbers that follow from a few numbers and are the same with every compiler and library: a counter
// that is mixed (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ochre::training {

class Draw {
public:
    Draw(std::uint64_t seed, std::uint64_t index, std::uint64_t draw)
        : m_key(mixed(mixed(mixed(seed + kStep) ^ index) + draw)) {}

    std::uint64_t bits() { return mixed(m_key + kStep * ++m_counter); }
    /// 0 ≤ u < 1, a multiple of 2⁻⁵³.
    double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
    double between(double low, double high) { return low + (high - low) * unit(); }
    bool chance(double probability) { return unit() < probability; }
    /// 0 ≤ i < count; count ≥ 1. The bias for counts below 2³² is under 2⁻³².
    std::size_t below(std::size_t count) {
        return static_cast<std::size_t>((static_cast<unsigned __int128>(bits()) * count) >> 64);
    }
    template <typename T>
    const T& of(std::span<const T> values) {
        return values[below(values.size())];
    }
    /// An index, in proportion to its weight; weights ≥ 0, not all 0.
    std::size_t weighted(std::span<const double> weights) {
        double sum = 0;
        for (const double w : weights) sum += w;
        double left = unit() * sum;
        std::size_t last = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            if (weights[i] <= 0) continue;
            last = i;
            if (left < weights[i]) break;
            left -= weights[i];
        }
        return last;
    }

private:
    static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ull;
    static constexpr std::uint64_t mixed(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        return z ^ (z >> 31);
    }

    std::uint64_t m_key;
    std::uint64_t m_counter = 0;
};

} // namespace ochre::training
