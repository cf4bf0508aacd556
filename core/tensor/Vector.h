// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of floats for kernels that are compiled once for each generation of processors. Included by those alone: it
// uses no library, and all that is here belongs to the file that includes it.
#pragma once

namespace ochre::nn {
namespace {

/// `Lanes` floats in one register.
template <int Lanes>
struct Vector {
    typedef float Type __attribute__((vector_size(Lanes * sizeof(float)), aligned(4), may_alias));
    typedef int Whole __attribute__((vector_size(Lanes * sizeof(int)), aligned(4), may_alias));
    typedef unsigned short Half __attribute__((vector_size(Lanes * sizeof(short)), aligned(2), may_alias));

    static Type load(const float* p) { return *reinterpret_cast<const Type*>(p); }
    static void store(float* p, Type v) { *reinterpret_cast<Type*>(p) = v; }
    static Type all(float v) { return v - Type{}; }
};

template <int Lanes>
inline typename Vector<Lanes>::Type load(const float* p) {
    return Vector<Lanes>::load(p);
}
template <int Lanes>
inline typename Vector<Lanes>::Type load(const unsigned short* p) { // bfloat16
    using Vec = Vector<Lanes>;
    const auto whole = __builtin_convertvector(*reinterpret_cast<const typename Vec::Half*>(p), typename Vec::Whole);
    return reinterpret_cast<typename Vec::Type>(whole << 16);
}

template <int Lanes>
inline void store(float* p, typename Vector<Lanes>::Type v) {
    Vector<Lanes>::store(p, v);
}
template <int Lanes>
inline void store(unsigned short* p, typename Vector<Lanes>::Type v) { // to the nearest, ties to even
    using Vec = Vector<Lanes>;
    const auto bits = reinterpret_cast<typename Vec::Whole>(v);
    const typename Vec::Whole rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    *reinterpret_cast<typename Vec::Half*>(p) = __builtin_convertvector(rounded, typename Vec::Half);
}

template <typename V>
inline V larger(V a, V b) {
    return a > b ? a : b;
}

template <int Lanes>
inline float sum(typename Vector<Lanes>::Type v) {
    float total = 0;
    for (int i = 0; i < Lanes; ++i) total += v[i];
    return total;
}

template <int Lanes>
inline float largest(typename Vector<Lanes>::Type v) {
    float most = v[0];
    for (int i = 1; i < Lanes; ++i) most = v[i] > most ? v[i] : most;
    return most;
}

/// 2^x within 2e-7 of its value for x from −126 to 127, 2^−126 below: 2^n · 2^r with |r| ≤ 1/2, a polynomial of degree 6
/// for the latter.
template <int Lanes>
inline typename Vector<Lanes>::Type exp2(typename Vector<Lanes>::Type x) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    using Whole = typename Vec::Whole;
    constexpr float kRound = 12582912.0f; // 1.5 · 2^23: adding it rounds to a whole number in the low bits
    const V clamped = x < -126.0f ? Vec::all(-126.0f) : x;
    const V shifted = clamped + kRound;
    const V r = clamped - (shifted - kRound);
    V p = r * 1.54035304e-4f + 1.33335581e-3f;
    p = p * r + 9.61812911e-3f;
    p = p * r + 5.55041087e-2f;
    p = p * r + 2.40226507e-1f;
    p = p * r + 6.93147181e-1f;
    p = p * r + 1.0f;
    return p * reinterpret_cast<V>((reinterpret_cast<Whole>(shifted) + 127) << 23);
}

} // namespace
} // namespace ochre::nn
