// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels of Tokens.h for one width of vector registers: included by the sources that are compiled for AVX2 and for
// AVX-512, and by nothing else.
#pragma once

#include "core/tensor/Tokens.h"
#include "core/tensor/Vector.h"

namespace ochre::nn::tokens {
namespace {

/// c [Rows][Columns·Lanes] = c · keep + a [Rows][depth] · b [depth][Columns·Lanes]; without `keep` c is not read.
template <int Lanes, int Rows, int Columns>
inline void multiply(const float* a, long aStride, const float* b, long bStride, long depth, const float* keep,
                     float* c, long cStride) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    V sum[Rows][Columns]{};
    if (keep)
        for (int r = 0; r < Rows; ++r)
            for (int i = 0; i < Columns; ++i) sum[r][i] = Vec::load(c + r * cStride + i * Lanes) * keep[r];
    for (long k = 0; k < depth; ++k) {
        V right[Columns];
#pragma GCC unroll 4
        for (int i = 0; i < Columns; ++i) right[i] = Vec::load(b + k * bStride + i * Lanes);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            const V left = Vec::all(a[r * aStride + k]);
#pragma GCC unroll 4
            for (int i = 0; i < Columns; ++i) sum[r][i] += left * right[i];
        }
    }
    for (int r = 0; r < Rows; ++r)
        for (int i = 0; i < Columns; ++i) Vec::store(c + r * cStride + i * Lanes, sum[r][i]);
}

/// Keys as panels [width][3·Lanes], then values [keys][width]; both filled up with zeros.
template <int Lanes>
void pack(const float* keys, long keyStride, const float* values, long valueStride, long count, long width,
          float* packed) {
    constexpr long panel = 3 * Lanes;
    const long all = roundUp(count, panel), padded = roundUp(width, Lanes);
    for (long first = 0; first < all; first += panel, packed += panel * width)
        for (long lane = 0; lane < panel; ++lane) {
            const float* key = keys + (first + lane) * keyStride;
            for (long c = 0; c < width; ++c) packed[c * panel + lane] = first + lane < count ? key[c] : 0.0f;
        }
    for (long k = 0; k < all; ++k, packed += padded)
        for (long c = 0; c < padded; ++c)
            packed[c] = k < count && c < width ? values[k * valueStride + c] : 0.0f;
}

/// Scores (in powers of two) → their weights; `most` and `total` are those of the row so far. Returns by how much what
/// was summed before has to shrink.
template <int Lanes>
inline float weigh(float* scores, long count, float& most, float& total) {
    using V = typename Vector<Lanes>::Type;
    V highest = load<Lanes>(scores), weights{};
    for (long k = Lanes; k < count; k += Lanes) highest = larger<V>(highest, load<Lanes>(scores + k));
    const float before = most, here = largest<Lanes>(highest), now = here > before ? here : before;
    for (long k = 0; k < count; k += Lanes) {
        const V weight = exp2<Lanes>(load<Lanes>(scores + k) - now);
        store<Lanes>(scores + k, weight);
        weights += weight;
    }
    const V shrink = exp2<Lanes>(Vector<Lanes>::all(before - now));
    most = now;
    total = total * shrink[0] + sum<Lanes>(weights);
    return shrink[0];
}

template <int Lanes, int Rows>
void attend(const float* queries, long queryStride, long count, const float* packed, long keys, long width,
            float scale, float* scratch, float* out, long outStride) {
    constexpr long panel = 3 * Lanes;
    constexpr float kLog2E = 1.44269504f, kNone = -1e30f;
    const long all = roundUp(keys, panel), padded = roundUp(width, Lanes), rows = roundUp(count, Rows);
    const float* values = packed + all * width;
    float *scaled = scratch, *sums = scaled + kQueries * width, *scores = sums + kQueries * padded;
    float *most = scores + Rows * kKeys, *total = most + kQueries;
    for (long q = 0; q < rows; ++q) {
        for (long c = 0; c < width; ++c)
            scaled[q * width + c] = q < count ? queries[q * queryStride + c] * (scale * kLog2E) : 0.0f;
        most[q] = kNone;
        total[q] = 0.0f;
    }
    for (long first = 0; first < all; first += kKeys) {
        const long block = all - first < kKeys ? all - first : kKeys;
        for (long q = 0; q < rows; q += Rows) {
            for (long k = 0; k < block; k += panel)
                multiply<Lanes, Rows, 3>(scaled + q * width, width, packed + (first + k) * width, panel, width, nullptr,
                                         scores + k, kKeys);
            float shrink[Rows];
            for (int r = 0; r < Rows; ++r) {
                for (long k = keys - first; k < block; ++k) scores[r * kKeys + k] = kNone;
                shrink[r] = weigh<Lanes>(scores + r * kKeys, block, most[q + r], total[q + r]);
            }
            const float* keep = first == 0 ? nullptr : shrink;
            const float* right = values + first * padded;
            float* sum = sums + q * padded;
            for (long c = 0; c < padded;) {
                const long left = (padded - c) / Lanes; // in twos where threes would leave a single one
                if (left == 1)
                    multiply<Lanes, Rows, 1>(scores, kKeys, right + c, padded, block, keep, sum + c, padded);
                else if (left == 2 || left == 4)
                    multiply<Lanes, Rows, 2>(scores, kKeys, right + c, padded, block, keep, sum + c, padded);
                else
                    multiply<Lanes, Rows, 3>(scores, kKeys, right + c, padded, block, keep, sum + c, padded);
                c += (left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3) * Lanes;
            }
        }
    }
    for (long q = 0; q < count; ++q)
        for (long c = 0; c < width; ++c) out[q * outStride + c] = sums[q * padded + c] / total[q];
}

/// x·Φ(x), by Abramowitz and Stegun 7.1.26 for the tail of the normal distribution, of which the error is below 1.5e-7.
template <int Lanes>
inline typename Vector<Lanes>::Type gelu(typename Vector<Lanes>::Type x) {
    using V = typename Vector<Lanes>::Type;
    const V size = larger<V>(x, -x) * 0.70710678f;
    const V t = 1.0f / (size * 0.3275911f + 1.0f);
    V p = t * 1.061405429f - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const V tail = x * 0.5f * (p * t) * exp2<Lanes>(size * size * -1.44269504f);
    return x > 0.0f ? x - tail : tail;
}

template <int Lanes, typename T>
void gatedGelu(const T* x, long rows, long width, T* out) {
    for (long row = 0; row < rows; ++row, x += 2 * width, out += width) {
        long c = 0;
        for (; c + Lanes <= width; c += Lanes)
            store<Lanes>(out + c, load<Lanes>(x + c) * gelu<Lanes>(load<Lanes>(x + width + c)));
        if (c == width) continue;
        T value[Lanes]{}, gate[Lanes]{}, result[Lanes];
        for (long i = 0; c + i < width; ++i) {
            value[i] = x[c + i];
            gate[i] = x[width + c + i];
        }
        store<Lanes>(result, load<Lanes>(value) * gelu<Lanes>(load<Lanes>(gate)));
        for (long i = 0; c + i < width; ++i) out[c + i] = result[i];
    }
}

} // namespace
} // namespace ochre::nn::tokens
