// SPDX-License-Identifier: GPL-3.0-or-later
// What lies apart in memory into one vector, and vectors of floats as doubles and back.
#pragma once

#include "core/render/cpu/RasterLanes.h"

namespace ochre::raster {
namespace {

/// base[0], base[stride], base[2·stride], …
template <int N>
[[gnu::always_inline]] inline Float<N> strided(const float* b, long s) {
    if constexpr (N == 4) return Float<N>{b[0], b[s], b[2 * s], b[3 * s]};
    else if constexpr (N == 8)
        return Float<N>{b[0], b[s], b[2 * s], b[3 * s], b[4 * s], b[5 * s], b[6 * s], b[7 * s]};
    else
        return Float<N>{b[0],     b[s],     b[2 * s],  b[3 * s],  b[4 * s],  b[5 * s],  b[6 * s],  b[7 * s],
                        b[8 * s], b[9 * s], b[10 * s], b[11 * s], b[12 * s], b[13 * s], b[14 * s], b[15 * s]};
}

/// p[0][i], p[1][i], …
template <int N>
[[gnu::always_inline]] inline Float<N> gathered(const float* const* p, long i) {
    if constexpr (N == 4) return Float<N>{p[0][i], p[1][i], p[2][i], p[3][i]};
    else if constexpr (N == 8)
        return Float<N>{p[0][i], p[1][i], p[2][i], p[3][i], p[4][i], p[5][i], p[6][i], p[7][i]};
    else
        return Float<N>{p[0][i], p[1][i], p[2][i],  p[3][i],  p[4][i],  p[5][i],  p[6][i],  p[7][i],
                        p[8][i], p[9][i], p[10][i], p[11][i], p[12][i], p[13][i], p[14][i], p[15][i]};
}

template <int N>
[[gnu::always_inline]] inline typename Lanes<N>::Double lowHalf(Float<N> v) {
    typename Lanes<N>::Half half;
    __builtin_memcpy(&half, &v, sizeof half);
    return __builtin_convertvector(half, typename Lanes<N>::Double);
}
template <int N>
[[gnu::always_inline]] inline typename Lanes<N>::Double highHalf(Float<N> v) {
    typename Lanes<N>::Half half;
    __builtin_memcpy(&half, reinterpret_cast<const char*>(&v) + sizeof half, sizeof half);
    return __builtin_convertvector(half, typename Lanes<N>::Double);
}
template <int N>
[[gnu::always_inline]] inline Float<N> narrowed(typename Lanes<N>::Double low, typename Lanes<N>::Double high) {
    using Half = typename Lanes<N>::Half;
    const Half halves[2] = {__builtin_convertvector(low, Half), __builtin_convertvector(high, Half)};
    Float<N> v;
    __builtin_memcpy(&v, halves, sizeof v);
    return v;
}

} // namespace
} // namespace ochre::raster
