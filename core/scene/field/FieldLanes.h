// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors for the kernels of fields. Included by those alone, so that nothing compiled for a newer processor is ever shared with
// code for older ones.
#pragma once

namespace ochre::field {
namespace {

template <int N>
struct Lanes {
    typedef float Float __attribute__((vector_size(4 * N)));
    typedef int Int __attribute__((vector_size(4 * N))); ///< comparisons: −1 where true
    typedef unsigned Unsigned __attribute__((vector_size(4 * N)));
};
template <int N>
using Float = typename Lanes<N>::Float;
template <int N>
using Int = typename Lanes<N>::Int;
template <int N>
using Unsigned = typename Lanes<N>::Unsigned;

template <typename V, typename T>
[[gnu::always_inline]] inline V load(const T* p) {
    V v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
template <typename V, typename T>
[[gnu::always_inline]] inline void store(T* p, V v) {
    __builtin_memcpy(p, &v, sizeof v);
}
template <int N>
[[gnu::always_inline]] inline Float<N> filled(float v) {
    return v - Float<N>{};
}
template <typename V>
[[gnu::always_inline]] inline V larger(V a, V b) {
    return a > b ? a : b;
}
template <typename V>
[[gnu::always_inline]] inline V smaller(V a, V b) {
    return a < b ? a : b;
}

/// e^x within 3e-7 of its value, for x from −80 to 80; beyond that as at the ends: 2^n · 2^r with |r| ≤ 1/2.
template <int N>
[[gnu::always_inline]] inline Float<N> exponential(Float<N> x) {
    constexpr float kRound = 12582912.0f; // 1.5 · 2^23: adding it rounds to a whole number in the low bits
    const Float<N> y = smaller(larger(x, filled<N>(-80)), filled<N>(80)) * 1.44269504f;
    const Float<N> shifted = y + kRound;
    const Float<N> r = y - (shifted - kRound);
    Float<N> p = r * 1.54035304e-4f + 1.33335581e-3f;
    p = p * r + 9.61812911e-3f;
    p = p * r + 5.55041087e-2f;
    p = p * r + 2.40226507e-1f;
    p = p * r + 6.93147181e-1f;
    p = p * r + 1.0f;
    return p * reinterpret_cast<Float<N>>((reinterpret_cast<Int<N>>(shifted) + 127) << 23);
}

} // namespace
} // namespace ochre::field
