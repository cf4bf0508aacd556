// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix products of Winograd's convolution, one for each of its 36 points; only for WinogradKernel.h.
#pragma once

#include "core/tensor/WinogradTransforms.h"

namespace ochre::nn::winograd {
namespace {

/// Floats from one point's values to the next point's: a cache line more than they are, so that the 36 do not fall on the
/// same lines of the cache.
inline long planeOf(long count, long channels) {
    return count * channels + kPlanePadding;
}

/// Whether point p is 0 in every tile: of a doubled picture a tile sees the rows a b b c c d, of whose third point,
/// (d4 − 4·d2) − (d3 − 4·d1), nothing is left; so it is with columns.
inline bool vanishes(const Plan& plan, int p) {
    return plan.doubled && (p / kPatch == 2 || p % kPatch == 2);
}

/// Rows × two registers of columns of a product: a [Rows][depth] (rows `depth` apart), b [depth][2·Lanes].
template <int Lanes, int Rows>
inline void multiplyBlock(const float* a, const float* b, long depth, float* c, long cStride) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    V left[Rows]{}, right[Rows]{};
    for (long k = 0; k < depth; ++k) {
        const V b0 = Vec::load(b + 2 * Lanes * k), b1 = Vec::load(b + 2 * Lanes * k + Lanes);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            const V v = Vec::all(a[r * depth + k]);
            left[r] += v * b0;
            right[r] += v * b1;
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        Vec::store(c + r * cStride, left[r]);
        Vec::store(c + r * cStride + Lanes, right[r]);
    }
}

/// values [36][count][in] · weights [36][blocks][in][2·Lanes] → products [36][count][blocks·2·Lanes].
template <int Lanes, int Rows>
void multiply(const Plan& plan, const float* weights, const float* values, long count, float* products) {
    const long depth = plan.inChannels, columns = plan.paddedOut, block = 2 * Lanes;
    for (int p = 0; p < kPoints; ++p)
        for (long column = 0; column < columns && !vanishes(plan, p); column += block) {
            const float* b = weights + (p * columns + column) * depth;
            const float* a = values + p * planeOf(count, depth);
            float* c = products + p * planeOf(count, columns) + column;
            long row = 0;
            for (; row + Rows <= count; row += Rows)
                multiplyBlock<Lanes, Rows>(a + row * depth, b, depth, c + row * columns, columns);
            for (; row < count; ++row) multiplyBlock<Lanes, 1>(a + row * depth, b, depth, c + row * columns, columns);
        }
}

} // namespace
} // namespace ochre::nn::winograd
