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

template <int Lanes>
inline long roundUp(long channels) {
    return (channels + Lanes - 1) / Lanes * Lanes;
}

/// Whether point p is 0 in every tile: of a doubled picture a tile sees the rows a b b c c d, of whose third point,
/// (d4 − 4·d2) − (d3 − 4·d1), nothing is left; so it is with columns.
inline bool vanishes(const Plan& plan, int p) {
    return plan.doubled && (p / kPatch == 2 || p % kPatch == 2);
}

/// Rows × two registers of columns of a product: a [depth/Lanes][Rows][Lanes], groups of channels `group` floats apart,
/// so that memory is read in order; b [depth][2·Lanes]. `more`: it is added to what c holds.
template <int Lanes, int Rows>
inline void multiplyBlock(const float* a, long group, const float* b, long depth, float* c, long cStride, bool more) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    V left[Rows]{}, right[Rows]{};
    for (long begin = 0; begin < depth; begin += Lanes, a += group) {
        const long channels = depth - begin < Lanes ? depth - begin : Lanes;
        for (long k = 0; k < channels; ++k, b += 2 * Lanes) {
            const V b0 = Vec::load(b), b1 = Vec::load(b + Lanes);
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) {
                const V v = Vec::all(a[r * Lanes + k]);
                left[r] += v * b0;
                right[r] += v * b1;
            }
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        float* to = c + r * cStride;
        Vec::store(to, more ? Vec::load(to) + left[r] : left[r]);
        Vec::store(to + Lanes, more ? Vec::load(to + Lanes) + right[r] : right[r]);
    }
}

/// `rows` < Rows of them.
template <int Lanes, int Rows>
inline void multiplyRest(long rows, const float* a, long group, const float* b, long depth, float* c, long cStride,
                         bool more) {
    if constexpr (Rows > 1) {
        if (rows == Rows - 1)
            multiplyBlock<Lanes, Rows - 1>(a, group, b, depth, c, cStride, more);
        else
            multiplyRest<Lanes, Rows - 1>(rows, a, group, b, depth, c, cStride, more);
    }
}

/// a [depth/Lanes][count][Lanes] · b [depth][2·Lanes] → c [count][2·Lanes].
template <int Lanes, int Rows>
inline void multiplyRows(long count, const float* a, long group, const float* b, long depth, float* c, long cStride,
                         bool more) {
    long row = 0;
    for (; row + Rows <= count; row += Rows)
        multiplyBlock<Lanes, Rows>(a + row * Lanes, group, b, depth, c + row * cStride, cStride, more);
    multiplyRest<Lanes, Rows>(count - row, a + row * Lanes, group, b, depth, c + row * cStride, cStride, more);
}

/// values [36][in/Lanes][count][Lanes] · weights [36][blocks][in][2·Lanes] → products [36][count][blocks·2·Lanes].
template <int Lanes, int Rows>
void multiply(const Plan& plan, const float* weights, const float* values, long count, float* products) {
    const long depth = plan.inChannels, columns = plan.paddedOut;
    for (int p = 0; p < kPoints; ++p)
        for (long column = 0; column < columns && !vanishes(plan, p); column += 2 * Lanes)
            multiplyRows<Lanes, Rows>(count, values + p * planeOf(count, roundUp<Lanes>(depth)), count * Lanes,
                                      weights + (p * columns + column) * depth, depth,
                                      products + p * planeOf(count, columns) + column, columns, false);
}

} // namespace
} // namespace ochre::nn::winograd
