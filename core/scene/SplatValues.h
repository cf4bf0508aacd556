// SPDX-License-Identifier: GPL-3.0-or-later
// What the splat formats share: the numbers of harmonics, what colours and opacities stand for, bytes as
// numbers.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

namespace ochre {

static_assert(std::endian::native == std::endian::little, "the readers take numbers as they lie in the file");

inline constexpr double kShC0 = 0.28209479177387814;
inline constexpr int kMaxShDegree = 3;

/// SH coefficients a channel beyond the first: 0, 3, 8, 15 (24 at degree 4).
constexpr std::size_t shRestCount(int degree) {
    return static_cast<std::size_t>((degree + 1) * (degree + 1) - 1);
}

/// ±∞ at 0 and 1: exactly transparent, exactly opaque.
inline float logit(double p) {
    return static_cast<float>(std::log(p / (1 - p)));
}
inline double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

/// The base colour, 0…1 where it can be shown, of the first SH coefficient; and back.
inline double colorOf(float sh0) {
    return 0.5 + kShC0 * sh0;
}
inline float sh0Of(double color) {
    return static_cast<float>((color - 0.5) / kShC0);
}

/// What is beyond float's range is ±∞: readers leave such splats out.
inline float asFloat(double v) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return v > kLargest ? kInfinity : v < -kLargest ? -kInfinity : static_cast<float>(v);
}

/// The nearest of 0…255; what is no number is 0.
inline unsigned char toByte(double value) {
    return value > 0 ? static_cast<unsigned char>(std::min(value + 0.5, 255.0)) : 0;
}

/// The number whose bytes begin at `p`, little endian.
template <typename T>
T loadAs(const std::byte* p) {
    T value;
    std::memcpy(&value, p, sizeof value);
    return value;
}

} // namespace ochre
