// SPDX-License-Identifier: GPL-3.0-or-later
// Pieces of loops that the compiler vectorises: inlined into a function for each instruction set, of which the machine's best
// is taken. Sources that use them are compiled with -fno-trapping-math, so that comparisons become selections.
#pragma once

#include <bit>
#include <cstdint>

namespace ochre::nn::inlined {

#define OCHRE_INLINE [[gnu::always_inline]] inline

OCHRE_INLINE float load(float value) {
    return value;
}
OCHRE_INLINE float load(std::uint16_t value) { // bfloat16
    return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}
OCHRE_INLINE void store(float& to, float value) {
    to = value;
}
OCHRE_INLINE void store(std::uint16_t& to, float value) { // to the nearest, ties to even
    const auto bits = std::bit_cast<std::uint32_t>(value);
    to = static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/// e^x within 2e-7 of its value, for |x| ≤ 60: 2^n · e^r with |r| ≤ ln 2 / 2, a polynomial of degree 6 for the latter.
/// Beyond that e^±60, which SiLU cannot tell from 0 and infinity; larger ones would bring in slow denormal numbers.
OCHRE_INLINE float exponential(float x) {
    constexpr float kLargest = 60.0f;
    constexpr float kRound = 12582912.0f; // 1.5 · 2^23: adding it rounds to a whole number in the low bits
    const float low = x < -kLargest ? -kLargest : x, clamped = low > kLargest ? kLargest : low;
    const float shifted = clamped * 1.44269504f + kRound;
    const float n = shifted - kRound;
    const float r = (clamped - n * 0.693145752f) - n * 1.42860677e-6f; // ln 2 in two parts
    float p = 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const std::uint32_t power = (std::bit_cast<std::uint32_t>(shifted) + 127) << 23;
    return p * std::bit_cast<float>(power);
}

/// `pixels` × channels values: from each what `pivot` says of its channel, and the squares of that, into a sum a channel.
template <typename T>
OCHRE_INLINE void sumPixels(const T* __restrict x, std::int64_t pixels, std::int64_t channels, const float* __restrict pivot,
                            float* __restrict sum, float* __restrict squares) {
    for (std::int64_t p = 0; p < pixels; ++p, x += channels)
        for (std::int64_t c = 0; c < channels; ++c) {
            const float value = load(x[c]) - pivot[c];
            sum[c] += value;
            squares[c] += value * value;
        }
}

/// out = x · factor + summand, a channel each, and SiLU of that.
template <bool Silu, typename T>
OCHRE_INLINE void scalePixels(const T* __restrict x, std::int64_t pixels, std::int64_t channels, const float* __restrict factor,
                              const float* __restrict summand, T* __restrict out) {
    for (std::int64_t p = 0; p < pixels; ++p, x += channels, out += channels)
        for (std::int64_t c = 0; c < channels; ++c) {
            float value = load(x[c]) * factor[c] + summand[c];
            if constexpr (Silu) value = value / (1.0f + exponential(-value));
            store(out[c], value);
        }
}

} // namespace ochre::nn::inlined
