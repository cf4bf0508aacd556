// SPDX-License-Identifier: GPL-3.0-or-later
// Small arithmetic that every layer needs: checked sizes, half floats, interpolation.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>

namespace ochre {

/// a·b, or nothing where it does not fit.
template <std::unsigned_integral T>
constexpr std::optional<T> checkedMultiply(T a, T b) {
    T result;
    if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
    return result;
}

/// a+b, or nothing where it does not fit.
template <std::unsigned_integral T>
constexpr std::optional<T> checkedAdd(T a, T b) {
    T result;
    if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
    return result;
}

template <typename T>
constexpr T ceilDivide(T a, T b) {
    return (a + b - 1) / b;
}

constexpr float mix(float a, float b, float t) {
    return a + (b - a) * t;
}

/// IEEE binary16 to float, subnormals and non-finite values kept.
constexpr float halfToFloat(std::uint16_t h) {
    const std::uint32_t sign = std::uint32_t{h & 0x8000u} << 16;
    const std::uint32_t exponent = (h >> 10) & 31u;
    const std::uint32_t mantissa = h & 1023u;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
}

constexpr float bfloat16ToFloat(std::uint16_t b) {
    return std::bit_cast<float>(std::uint32_t{b} << 16);
}

} // namespace ochre
