// SPDX-License-Identifier: GPL-3.0-or-later
// From places and directions to what a field's networks see, and gradients back into its table. Included by the kernels alone.
#pragma once

#include "core/scene/field/FieldKernels.h"
#include "core/scene/field/FieldLanes.h"

namespace ochre::field {
namespace {

using F = HashField;
constexpr int kCorners = 8; // of a cell: one more along x, y, z where bits 0, 1, 2 are set

/// Where lanes lie in their grids: entries of the corners, and the shares of the way to the next corner.
template <int N>
struct Cells {
    Unsigned<N> index[kCorners];
    Float<N> share[3];

    /// dense: the lanes whose corners have entries of their own.
    [[gnu::always_inline]] Cells(const Float<N> (&at)[3], Int<N> last, Unsigned<N> stepY, Unsigned<N> stepZ, Unsigned<N> offset,
                                 Int<N> dense, unsigned mask) {
        Unsigned<N> low[3];
        for (int k = 0; k < 3; ++k) {
            const Int<N> cell = smaller(__builtin_convertvector(at[k], Int<N>), last);
            share[k] = at[k] - __builtin_convertvector(cell, Float<N>);
            low[k] = reinterpret_cast<Unsigned<N>>(cell);
        }
        low[1] *= stepY;
        low[2] *= stepZ;
#pragma GCC unroll 8
        for (int c = 0; c < kCorners; ++c) {
            const Unsigned<N> x = low[0] + (c & 1 ? 1u : 0u), y = c & 2 ? low[1] + stepY : low[1], z = c & 4 ? low[2] + stepZ : low[2];
            index[c] = (dense ? x + y + z : (x ^ y ^ z) & mask) + offset;
        }
    }
};

/// The features of a place: [kLevels][kFeatures]; a lane is a level.
template <int N>
[[gnu::always_inline]] inline void encode(const View& view, float x, float y, float z, float* out) {
    alignas(64) unsigned index[kCorners][F::kLevels];
    alignas(64) float share[3][F::kEncoded], corner[kCorners][F::kEncoded];
    for (int l = 0; l < F::kLevels; l += N) {
        const auto cells = load<Float<N>>(view.cells + l);
        const Float<N> at[3] = {cells * x, cells * y, cells * z};
        const Cells<N> found(at, load<Int<N>>(view.last + l), load<Unsigned<N>>(view.stepY + l), load<Unsigned<N>>(view.stepZ + l),
                             load<Unsigned<N>>(view.offset + l), load<Int<N>>(view.dense + l), view.mask);
        for (int c = 0; c < kCorners; ++c) store(index[c] + l, found.index[c]);
        for (int k = 0; k < 3; ++k)
            for (int i = 0; i < N; ++i) share[k][2 * (l + i)] = share[k][2 * (l + i) + 1] = found.share[k][i];
    }
    for (int c = 0; c < kCorners; ++c)
#pragma GCC unroll 16
        for (int l = 0; l < F::kLevels; ++l)
            __builtin_memcpy(corner[c] + 2 * l, view.table + std::size_t{2} * index[c][l], 2 * sizeof(float));
    using V = Float<N>;
    for (int i = 0; i < F::kEncoded; i += N) {
        const V sx = load<V>(share[0] + i), sy = load<V>(share[1] + i), sz = load<V>(share[2] + i);
        const auto at = [&](int c) { return load<V>(corner[c] + i); };
        const auto mixed = [](V a, V b, V share) { return a + (b - a) * share; };
        const V low = mixed(mixed(at(0), at(1), sx), mixed(at(2), at(3), sx), sy);
        const V high = mixed(mixed(at(4), at(5), sx), mixed(at(6), at(7), sx), sy);
        store(out + i, mixed(low, high, sz));
    }
}

/// Spherical harmonics of degrees 0 to 3 of a unit direction: [kDirections].
[[gnu::always_inline]] inline void harmonics(float x, float y, float z, float* out) {
    const float xx = x * x, yy = y * y, zz = z * z;
    out[0] = 0.28209479f;
    out[1] = -0.48860251f * y;
    out[2] = 0.48860251f * z;
    out[3] = -0.48860251f * x;
    out[4] = 1.09254843f * x * y;
    out[5] = -1.09254843f * y * z;
    out[6] = 0.31539157f * (3 * zz - 1);
    out[7] = -1.09254843f * x * z;
    out[8] = 0.54627422f * (xx - yy);
    out[9] = -0.59004359f * y * (3 * xx - yy);
    out[10] = 2.89061144f * x * y * z;
    out[11] = -0.45704580f * y * (5 * zz - 1);
    out[12] = 0.37317633f * z * (5 * zz - 3);
    out[13] = -0.45704580f * x * (5 * zz - 1);
    out[14] = 1.44530572f * z * (xx - yy);
    out[15] = -0.59004359f * x * (xx - 3 * yy);
}

template <int N>
void scatter(const View& view, int level, const Samples& s, long batch, const float* encodedGradient, float* tableGradient) {
    typedef float Pair __attribute__((vector_size(8)));
    const auto all = [](auto value) { return value - Unsigned<N>{}; };
    const Unsigned<N> stepY = all(view.stepY[level]), stepZ = all(view.stepZ[level]), offset = all(view.offset[level]);
    const Int<N> last = view.last[level] - Int<N>{}, dense = view.dense[level] - Int<N>{};
    alignas(64) unsigned index[kCorners][N];
    alignas(64) float weight[kCorners][N];
    for (long b = 0; b < batch; b += N) {
        const float cells = view.cells[level];
        const Float<N> at[3] = {cells * load<Float<N>>(s.x + b), cells * load<Float<N>>(s.y + b), cells * load<Float<N>>(s.z + b)};
        const Cells<N> found(at, last, stepY, stepZ, offset, dense, view.mask);
        for (int c = 0; c < kCorners; ++c) {
            store(index[c], found.index[c]);
            Float<N> product = filled<N>(1);
            for (int k = 0; k < 3; ++k) product *= c >> k & 1 ? found.share[k] : 1.0f - found.share[k];
            store(weight[c], product);
        }
        for (int i = 0; i < N; ++i) {
            const Pair gradient = load<Pair>(encodedGradient + 2 * (b + i));
            for (int c = 0; c < kCorners; ++c) {
                float* to = tableGradient + std::size_t{2} * index[c][i];
                store(to, load<Pair>(to) + gradient * weight[c][i]);
            }
        }
    }
}

} // namespace
} // namespace ochre::field
