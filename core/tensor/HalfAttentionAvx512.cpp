// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/HalfAttention.h"

#include <algorithm>

#include <immintrin.h>

namespace ochre::nn::half {
namespace {

using V = __m512;

constexpr float kLog2E = 1.44269504f, kNone = -1e30f;
constexpr int kRows = 8; // of queries: kRows × 3 sums are held in registers

inline V all(float v) {
    return _mm512_set1_ps(v);
}

/// sum += a·b of each lane's two numbers. As assembly, since the compiler's own word for it keeps moving sums about.
inline void addProducts(V& sum, V a, V b) {
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
}

inline V pair(const std::uint16_t* p) {
    int both;
    __builtin_memcpy(&both, p, sizeof both);
    return _mm512_castsi512_ps(_mm512_set1_epi32(both));
}

/// c [Rows][Columns·16] = c · keep + a [Rows][2·pairs] · b [pairs][Columns·16][2]; without `keep` c is not read.
template <int Rows, int Columns>
void multiply(const std::uint16_t* a, long aStride, const std::uint16_t* b, long bStride, long pairs, const float* keep,
              float* c, long cStride) {
    V sum[Rows][Columns];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
        for (int i = 0; i < Columns; ++i)
            sum[r][i] = keep ? _mm512_mul_ps(_mm512_loadu_ps(c + r * cStride + i * kLanes), all(keep[r])) : all(0);
    for (long k = 0; k < pairs; ++k) {
        V right[Columns];
#pragma GCC unroll 4
        for (int i = 0; i < Columns; ++i) right[i] = _mm512_loadu_ps(b + k * bStride + i * 2 * kLanes);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            const V left = pair(a + r * aStride + 2 * k);
#pragma GCC unroll 4
            for (int i = 0; i < Columns; ++i) addProducts(sum[r][i], left, right[i]);
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
        for (int i = 0; i < Columns; ++i) _mm512_storeu_ps(c + r * cStride + i * kLanes, sum[r][i]);
}

/// 2^x within 5e-6 of its value, for x ≤ 0: 2^n · 2^r with |r| ≤ 1/2. What it is for keeps 8 bits.
inline V exp2(V x) {
    const V n = _mm512_roundscale_ps(x, 0), r = _mm512_sub_ps(x, n);
    V p = _mm512_fmadd_ps(r, all(9.61812911e-3f), all(5.55041087e-2f));
    p = _mm512_fmadd_ps(p, r, all(2.40226507e-1f));
    p = _mm512_fmadd_ps(p, r, all(6.93147181e-1f));
    p = _mm512_fmadd_ps(p, r, all(1.0f));
    return _mm512_scalef_ps(p, n);
}

/// Scores → their weights in bfloat16; `most` and `total` are those of the row so far. Returns by how much what was
/// summed before has to shrink.
inline float weigh(const float* scores, long count, V scale, std::uint16_t* weights, float& most, float& total) {
    V highest = _mm512_loadu_ps(scores), sum = all(0);
    for (long k = kLanes; k < count; k += kLanes) highest = _mm512_max_ps(highest, _mm512_loadu_ps(scores + k));
    const float before = most, here = _mm512_reduce_max_ps(highest) * _mm512_cvtss_f32(scale);
    const float now = here > before ? here : before;
    for (long k = 0; k < count; k += kLanes) {
        const V weight = exp2(_mm512_fmsub_ps(_mm512_loadu_ps(scores + k), scale, all(now)));
        sum = _mm512_add_ps(sum, weight);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights + k), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weight)));
    }
    const float shrink = _mm512_cvtss_f32(exp2(all(before - now)));
    most = now;
    total = total * shrink + _mm512_reduce_add_ps(sum);
    return shrink;
}

inline __mmask16 firstLanes(long count) {
    return static_cast<__mmask16>(count >= kLanes ? 0xffff : (1u << (count > 0 ? count : 0)) - 1);
}

/// products of a query and the keys from `key` on → log2(e) · (scale · product + what the bias has for them)
inline void addBias(float* products, long key, long count, V scale, const Bias& bias) {
    long y = key / bias.width, x = key % bias.width;
    for (long k = 0; k < count;) {
        const long run = std::min({bias.width - x, count - k, kLanes});
        const __mmask16 lanes = firstLanes(run);
        V more = _mm512_maskz_loadu_ps(lanes, bias.across + x);
        if (bias.down) more = _mm512_add_ps(more, all(bias.down[y]));
        more = _mm512_max_ps(_mm512_mul_ps(more, all(kLog2E)), all(kNone)); // no infinities
        const V product = _mm512_maskz_loadu_ps(lanes, products + k);
        _mm512_mask_storeu_ps(products + k, lanes, _mm512_fmadd_ps(product, scale, more));
        k += run;
        x += run;
        if (x == bias.width) {
            x = 0;
            ++y;
        }
    }
}

/// That of the queries from `query` on.
inline Bias from(const Bias& bias, long query) {
    Bias rest = bias;
    if (bias.down) rest.down += query * bias.downStride;
    if (bias.across) rest.across += query * bias.acrossStride;
    return rest;
}

struct Block { ///< of keys
    const std::uint16_t *keys, *values;
    long from, count, seen, width, padded; ///< `from`: place of the first; `seen`: how many are no padding
};

struct Running { ///< of some queries
    float *sums, *most, *total, *scores;
    std::uint16_t* weights;
};

template <int Rows>
void attendBlock(const std::uint16_t* queries, long stride, const Block& block, float scale, const Bias& bias,
                 const Running& running) {
    for (long k = 0; k < block.count; k += kPanel)
        multiply<Rows, 3>(queries, stride, block.keys + k * block.width, 2 * kPanel, block.width / 2, nullptr,
                          running.scores + k, kKeys);
    float shrink[Rows];
    for (int r = 0; r < Rows; ++r) {
        float* scores = running.scores + r * kKeys;
        if (bias.across) addBias(scores, block.from, std::min(block.seen, block.count), all(scale), from(bias, r));
        for (long k = block.seen; k < block.count; ++k) scores[k] = kNone;
        shrink[r] = weigh(scores, block.count, all(bias.across ? 1.0f : scale), running.weights + r * kKeys,
                          running.most[r], running.total[r]);
    }
    const float* keep = block.from == 0 ? nullptr : shrink;
    for (long c = 0; c < block.padded;) {
        const long left = (block.padded - c) / kLanes; // in twos where threes would leave a single one
        const long columns = left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3;
        const auto function = columns == 1 ? multiply<Rows, 1> : columns == 2 ? multiply<Rows, 2> : multiply<Rows, 3>;
        function(running.weights, kKeys, block.values + 2 * c, 2 * block.padded, block.count / 2, keep, running.sums + c,
                 block.padded);
        c += columns * kLanes;
    }
}

using AttendBlock = void (*)(const std::uint16_t*, long, const Block&, float, const Bias&, const Running&);
constexpr AttendBlock kAttendBlock[kRows + 1] = {nullptr,        attendBlock<1>, attendBlock<2>,
                                                 attendBlock<3>, attendBlock<4>, attendBlock<5>,
                                                 attendBlock<6>, attendBlock<7>, attendBlock<8>};

inline std::uint16_t rounded(float v) {
    return reinterpret_cast<__v8hi>(_mm_cvtneps_pbh(_mm_set_ss(v)))[0];
}

} // namespace

void pack(const Rows& keys, const Rows& values, long count, long width, std::uint16_t* packed) {
    const long all = roundUp(count, kPanel), padded = roundUp(width, kLanes);
    for (long first = 0; first < all; first += kPanel, packed += kPanel * width)
        for (long lane = 0; lane < kPanel; ++lane) {
            constexpr std::uint32_t kZeros = 0;
            const std::uint16_t* key = keys.data + (first + lane) * keys.stride;
            for (long c = 0; c < width; c += 2)
                __builtin_memcpy(packed + (c / 2 * kPanel + lane) * 2,
                                 first + lane < count ? static_cast<const void*>(key + c) : &kZeros, sizeof kZeros);
        }
    for (long k = 0; k < all; k += 2, packed += 2 * padded)
        for (long c = 0; c < padded; c += kLanes) {
            const auto row = [&](long r) { // 16 values, each in 32 bits; zeros beyond the end
                const __mmask16 lanes = firstLanes(r < count ? width - c : 0);
                return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, values.data + r * values.stride + c));
            };
            _mm512_storeu_si512(packed + 2 * c, _mm512_or_si512(row(k), _mm512_slli_epi32(row(k + 1), 16)));
        }
}

void attend(const Rows& queries, long count, const std::uint16_t* packed, long keys, long width, float scale,
            const Bias& bias, void* scratch, std::uint16_t* out, long outStride) {
    const long all = roundUp(keys, kPanel), padded = roundUp(width, kLanes);
    auto* sums = static_cast<float*>(scratch);
    float *scores = sums + kQueries * padded, *most = scores + kRows * kKeys, *total = most + kQueries;
    auto* weights = reinterpret_cast<std::uint16_t*>(total + kQueries);
    for (long q = 0; q < count; ++q) {
        most[q] = kNone;
        total[q] = 0.0f;
    }
    for (long first = 0; first < all; first += kKeys) {
        const Block block{packed + first * width, packed + all * width + first * padded, first, std::min(all - first, kKeys),
                          keys - first, width, padded};
        for (long q = 0; q < count; q += kRows) {
            const Running running{sums + q * padded, most + q, total + q, scores, weights};
            kAttendBlock[std::min<long>(count - q, kRows)](queries.data + q * queries.stride, queries.stride, block,
                                                           scale * kLog2E, from(bias, q), running);
        }
    }
    for (long q = 0; q < count; ++q) {
        const float share = 1 / total[q];
        for (long c = 0; c < width; ++c) out[q * outStride + c] = rounded(sums[q * padded + c] * share);
    }
}

} // namespace ochre::nn::half
