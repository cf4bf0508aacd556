// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of floats for the raster kernels, which are compiled once for each generation of processors. Included by those
// alone: all that is here belongs to the file that includes it, so that nothing compiled for a newer processor is ever
// shared with code for older ones.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ochre::raster {
namespace {

template <int N>
struct Lanes {
    typedef float Float __attribute__((vector_size(4 * N)));
    typedef int Int __attribute__((vector_size(4 * N))); ///< comparisons: −1 where true
    typedef float Half __attribute__((vector_size(2 * N)));
    typedef double Double __attribute__((vector_size(4 * N))); ///< half as many
};
template <int N>
using Float = typename Lanes<N>::Float;
template <int N>
using Int = typename Lanes<N>::Int;

template <int N>
[[gnu::always_inline]] inline Float<N> filled(float v) {
    return v - Float<N>{};
}

template <int N>
[[gnu::always_inline]] inline Int<N> bitsOf(Float<N> v) {
    return reinterpret_cast<Int<N>>(v);
}
template <int N>
[[gnu::always_inline]] inline Float<N> floatOf(Int<N> v) {
    return reinterpret_cast<Float<N>>(v);
}

/// v where the mask holds, else 0.
template <int N>
[[gnu::always_inline]] inline Float<N> keep(Int<N> mask, Float<N> v) {
    return floatOf<N>(mask & bitsOf<N>(v));
}

/// The second where the first is no number.
template <typename V>
[[gnu::always_inline]] inline V larger(V a, V b) {
    return a > b ? a : b;
}
template <typename V>
[[gnu::always_inline]] inline V smaller(V a, V b) {
    return a < b ? a : b;
}

template <int N>
[[gnu::always_inline]] inline Float<N> squareRoot(Float<N> v) {
#if defined(__AVX512F__)
    if constexpr (N == 16) return reinterpret_cast<Float<N>>(_mm512_sqrt_ps(reinterpret_cast<__m512>(v)));
#endif
#if defined(__AVX__)
    if constexpr (N == 8) return reinterpret_cast<Float<N>>(_mm256_sqrt_ps(reinterpret_cast<__m256>(v)));
#endif
    Float<N> root;
    for (int i = 0; i < N; ++i) root[i] = __builtin_sqrtf(v[i]);
    return root;
}

/// One bit a lane, the first lane's lowest.
template <int N>
[[gnu::always_inline]] inline unsigned bitMask(Int<N> mask) {
#if defined(__AVX512F__)
    if constexpr (N == 16) return _mm512_test_epi32_mask(reinterpret_cast<__m512i>(mask), reinterpret_cast<__m512i>(mask));
#endif
#if defined(__AVX__)
    if constexpr (N == 8) return static_cast<unsigned>(_mm256_movemask_ps(reinterpret_cast<__m256>(mask)));
#endif
#if defined(__x86_64__)
    if constexpr (N == 4) return static_cast<unsigned>(_mm_movemask_ps(reinterpret_cast<__m128>(mask)));
#endif
    unsigned bits = 0;
    for (int i = 0; i < N; ++i) bits |= static_cast<unsigned>(mask[i] & 1) << i;
    return bits;
}

/// 2^x within 2e-7 of its value where x is from −126 to 127, whole powers exactly; outside, some number or none.
/// 2^n · 2^r with |r| ≤ 1/2, the latter a minimax polynomial.
template <int N>
[[gnu::always_inline]] inline Float<N> exp2Within(Float<N> x) {
    constexpr float kRound = 12582912.0f; // 1.5 · 2^23: adding it rounds to a whole number in the low bits
    const Float<N> shifted = x + kRound, r = x - (shifted - kRound);
    Float<N> p = r * 1.3264727e-3f + 9.671513e-3f;
    p = p * r + 5.5507336e-2f;
    p = p * r + 2.4022242e-1f;
    p = p * r + 6.93147e-1f;
    p = p * r + 1.0f;
    return floatOf<N>(bitsOf<N>(p) + (bitsOf<N>(shifted) << 23));
}

/// The same for any x: what is below −126 counts as that, what is above 127 as that.
template <int N>
[[gnu::always_inline]] inline Float<N> exp2(Float<N> x) {
    return exp2Within<N>(smaller(larger(x, filled<N>(-126.0f)), filled<N>(127.0f)));
}

/// log₂ of positive normal numbers, within 2e-7 of its value or of 1. m·2^n with m from √½ to √2, then the odd series of
/// (m − 1)/(m + 1).
template <int N>
[[gnu::always_inline]] inline Float<N> log2(Float<N> x) {
    constexpr int kRootHalf = 0x3f3504f3;
    const Int<N> exponent = (bitsOf<N>(x) - kRootHalf) >> 23;
    const Float<N> m = floatOf<N>(bitsOf<N>(x) - (exponent << 23));
    const Float<N> s = (m - 1.0f) / (m + 1.0f), z = s * s;
    Float<N> p = z * 4.3173587e-1f + 5.767144e-1f;
    p = p * z + 9.6179885e-1f;
    p = p * z + 2.88539f;
    return __builtin_convertvector(exponent, Float<N>) + s * p;
}

} // namespace
} // namespace ochre::raster
