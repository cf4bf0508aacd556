// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix products of a field's small networks over a block of samples. Included by the kernels alone.
#pragma once

#include "core/scene/field/FieldLanes.h"

namespace ochre::field {
namespace {

/// Registers of a row and rows whose sums are held at a time.
template <int N, int Out>
struct Shape {
    static constexpr int most = N == 16 ? 4 : 2;
    static constexpr int registers = Out / N < most ? Out / N : most;
    static constexpr int rows = registers == 1 ? 8 : 4;
};

/// What happens to a product before it is written.
enum class After { Nothing, Relu, Gate };

/// y [count][Out] = x [count][depth] · w [depth][Out], rows apart by the strides; Gate: 0 where gate [count][Out] is.
/// Rows are computed in eights: those of a block may be, beyond the count.
template <int N, int Out, After Then>
inline void multiply(const float* x, long xStride, const float* w, long wStride, long depth, float* y, long yStride, long count,
                     const float* gate = nullptr) {
    using V = Float<N>;
    constexpr int kRows = Shape<N, Out>::rows, kRegisters = Shape<N, Out>::registers;
    for (long b = 0; b < count; b += kRows)
        for (long column = 0; column < Out; column += kRegisters * N) {
            V sum[kRows][kRegisters]{};
            for (long k = 0; k < depth; ++k) {
                V weight[kRegisters];
#pragma GCC unroll 4
                for (int c = 0; c < kRegisters; ++c) weight[c] = load<V>(w + k * wStride + column + c * N);
#pragma GCC unroll 8
                for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
                    for (int c = 0; c < kRegisters; ++c) sum[r][c] += x[(b + r) * xStride + k] * weight[c];
            }
#pragma GCC unroll 8
            for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
                for (int c = 0; c < kRegisters; ++c) {
                    const long at = (b + r) * yStride + column + c * N;
                    if constexpr (Then == After::Relu) sum[r][c] = larger(sum[r][c], V{});
                    if constexpr (Then == After::Gate) sum[r][c] = load<V>(gate + at) > 0.0f ? sum[r][c] : V{};
                    store<V>(y + at, sum[r][c]);
                }
        }
}

/// gradient [depth][Out] += xᵀ · dy over a whole block: x [kBlock][depth], dy [kBlock][Out].
template <int N, int Out>
inline void addProduct(const float* x, long depth, const float* dy, float* gradient) {
    using V = Float<N>;
    constexpr int kRows = Shape<N, Out>::rows, kRegisters = Shape<N, Out>::registers;
    for (long k = 0; k < depth; k += kRows)
        for (long column = 0; column < Out; column += kRegisters * N) {
            V sum[kRows][kRegisters]{};
            for (long b = 0; b < kBlock; ++b) {
                V by[kRegisters];
#pragma GCC unroll 4
                for (int c = 0; c < kRegisters; ++c) by[c] = load<V>(dy + b * Out + column + c * N);
#pragma GCC unroll 8
                for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
                    for (int c = 0; c < kRegisters; ++c) sum[r][c] += x[b * depth + k + r] * by[c];
            }
#pragma GCC unroll 8
            for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
                for (int c = 0; c < kRegisters; ++c) {
                    float* to = gradient + (k + r) * Out + column + c * N;
                    store<V>(to, load<V>(to) + sum[r][c]);
                }
        }
}

} // namespace
} // namespace ochre::field
