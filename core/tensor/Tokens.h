// SPDX-License-Identifier: GPL-3.0-or-later
// Attention and gated feed-forward over tokens, on plain memory, for two generations of processors. The operations on
// tensors decide when to use them (TokenOps.h).
#pragma once

namespace ochre::nn::tokens {

constexpr long kQueries = 96, kKeys = 240; ///< that are worked on at a time

/// One generation of processors.
struct Backend {
    long lanes; ///< floats of a register
    long rows;  ///< queries that are multiplied together with 3·lanes keys; kQueries and kKeys are multiples of them

    /// Puts keys and values, [count][width] with rows apart by the strides, into the order of attend(): packedSize()
    /// floats.
    void (*pack)(const float* keys, long keyStride, const float* values, long valueStride, long count, long width,
                 float* packed);

    /// Up to kQueries queries [count][width] against `keys` packed keys: softmax(scale · q · kᵀ) · v → out [count][width].
    /// The softmax is taken in blocks of kKeys (arXiv 1805.02867). scratch: scratchSize() floats.
    void (*attend)(const float* queries, long queryStride, long count, const float* packed, long keys, long width,
                   float scale, float* scratch, float* out, long outStride);

    /// [rows][2·width] → out [rows][width]: first half · gelu(second half), with erf to within 2e-7. float32 and
    /// bfloat16.
    void (*gatedGelu)(const float* x, long rows, long width, float* out);
    void (*gatedGeluHalf)(const unsigned short* x, long rows, long width, unsigned short* out);
};

extern const Backend kAvx2, kAvx512;

constexpr long roundUp(long value, long multiple) {
    return (value + multiple - 1) / multiple * multiple;
}
constexpr long packedSize(const Backend& backend, long keys, long width) {
    return roundUp(keys, 3 * backend.lanes) * (width + roundUp(width, backend.lanes));
}
constexpr long scratchSize(const Backend& backend, long width) {
    return kQueries * (width + roundUp(width, backend.lanes) + 2) + backend.rows * kKeys;
}

} // namespace ochre::nn::tokens
