// SPDX-License-Identifier: GPL-3.0-or-later
// Attention over tokens in bfloat16 on plain memory, for processors with AVX-512 BF16; sums and softmax are float32.
// TokenOps decides when to use it.
#pragma once

#include <cstdint>

namespace ochre::nn::half {

constexpr long kLanes = 16, kPanel = 3 * kLanes; ///< keys that are multiplied together
constexpr long kQueries = 96, kKeys = 240;       ///< that are worked on at a time; kKeys is a multiple of kPanel

constexpr long roundUp(long value, long multiple) {
    return (value + multiple - 1) / multiple * multiple;
}
/// Values of bfloat16 for keys and values of one head.
constexpr long packedSize(long keys, long width) {
    return roundUp(keys, kPanel) * (width + roundUp(width, kLanes));
}
constexpr long scratchBytes(long width) {
    return 4 * (kQueries * (roundUp(width, kLanes) + 2) + 8 * kKeys) + 2 * 8 * kKeys;
}

struct Rows { ///< [count][width], bfloat16, rows apart by `stride` values
    const std::uint16_t* data;
    long stride;
};

/// Puts keys and values into the order of attend(). The width is even.
void pack(const Rows& keys, const Rows& values, long count, long width, std::uint16_t* packed);

/// What is added to the scaled product of query q and key k, the keys being a picture of rows of `width`:
/// down[q][k / width] + across[q][k % width]; nothing where there is no `across`, no first part where there is no `down`.
struct Bias {
    const float *down = nullptr, *across = nullptr;
    long downStride = 0, acrossStride = 0, width = 0;
};

/// Up to kQueries queries [count][width] against `keys` packed keys: softmax(scale · q · kᵀ + bias) · v → out
/// [count][width]. The softmax is taken in blocks of kKeys (arXiv 1805.02867). scratch: scratchBytes().
void attend(const Rows& queries, long count, const std::uint16_t* packed, long keys, long width, float scale,
            const Bias& bias, void* scratch, std::uint16_t* out, long outStride);

} // namespace ochre::nn::half
