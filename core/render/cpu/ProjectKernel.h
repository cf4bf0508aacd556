// SPDX-License-Identifier: GPL-3.0-or-later
// Splats into the picture, as many at a time as a register has lanes. The formulas are those of SplatMath.
#pragma once

#include "core/render/cpu/PlaceKernel.h"

namespace ochre::raster {
namespace {

constexpr float kLn2 = 0.69314718f;
constexpr float kCut = -7.99435344f;       // log₂ of 1/255: fainter contributions are skipped
constexpr float kSpareLevel = 1e-3f;       // by how much boxes are larger than that asks for: log₂ of the strength,
constexpr float kSparePixels = 0.01f;      // and pixels
constexpr float kWidest = 1e9f;            // px; an axis longer than this is taken for one of this length
constexpr float kDilation = 0.3f;          // px², added to the projected covariance
constexpr float kLeastCompensation = 0.000025f;

/// Fills the records of lanes in `mask` but for their colours.
template <int N>
[[gnu::always_inline]] inline void write(const Float<N> (&values)[12], unsigned mask, Drawn* all) {
    float rows[12][N];
    __builtin_memcpy(rows, values, sizeof rows);
    for (; mask; mask &= mask - 1) {
        const int lane = __builtin_ctz(mask);
        float* to = &all[lane].x;
        for (int k = 0; k < 12; ++k) to[k] = rows[k][lane];
    }
}

template <int N>
[[gnu::always_inline]] inline Int<N> withinBox(const Float<N> (&place)[3], const View& v) {
    Int<N> within = Int<N>{} - 1;
    for (int k = 0; k < 3; ++k) {
        const float* m = v.toWorld + 4 * k;
        const Float<N> p = m[0] * place[0] + m[1] * place[1] + m[2] * place[2] + m[3];
        within &= (p >= v.boxLow[k]) & (p <= v.boxHigh[k]);
    }
    return within;
}

/// N splats; returns the mask of those that can be seen. `present`: the mask of those that are there.
template <int N>
[[gnu::always_inline]] inline unsigned projectSome(const float* positions, const float* logScales, const float* rotations,
                                                   const float* opacities, const View& v, unsigned present, Drawn* to,
                                                   double* depths) {
    using F = Float<N>;
    const F place[3] = {strided<N>(positions, 3), strided<N>(positions + 1, 3), strided<N>(positions + 2, 3)};
    const Stand<N> s = stand<N>(place[0], place[1], place[2], v);
    unsigned ahead = 0;
    for (int i = 0; i < N; ++i) ahead |= static_cast<unsigned>((s.depth[i] >= v.near) & (s.depth[i] <= v.far)) << i;
    ahead &= present;
    if (v.boxed) ahead &= bitMask<N>(withinBox<N>(place, v));
    if (!ahead) return 0;
    __builtin_memcpy(depths, s.depth, sizeof s.depth);

    Axes<N> e = axes<N>(s, logScales, rotations, v);
    const F logit = strided<N>(opacities, 1);
    for (int k = 0; k < 3; ++k) {
        if (v.graded) e.p[k] *= v.larger, e.q[k] *= v.larger;
        e.p[k] = smaller(larger(e.p[k], filled<N>(-kWidest)), filled<N>(kWidest));
        e.q[k] = smaller(larger(e.q[k], filled<N>(-kWidest)), filled<N>(kWidest));
    }
    const F rawXX = e.p[0] * e.p[0] + e.p[1] * e.p[1] + e.p[2] * e.p[2];
    const F rawYY = e.q[0] * e.q[0] + e.q[1] * e.q[1] + e.q[2] * e.q[2];
    const F xy = e.p[0] * e.q[0] + e.p[1] * e.q[1] + e.p[2] * e.q[2];
    // The determinant by the theorem of Cauchy and Binet: sums of squares alone, where xx·yy − xy² would cancel out.
    const F m01 = e.p[0] * e.q[1] - e.p[1] * e.q[0], m02 = e.p[0] * e.q[2] - e.p[2] * e.q[0],
            m12 = e.p[1] * e.q[2] - e.p[2] * e.q[1];
    const F raw = m01 * m01 + m02 * m02 + m12 * m12;
    const F xx = rawXX + kDilation, yy = rawYY + kDilation, determinant = raw + kDilation * (rawXX + rawYY) + kDilation * kDilation;

    F level = -log2<N>(1.0f + exp2<N>(smaller(-logit * kLog2E, filled<N>(100.0f))));
    if (v.graded) level = smaller(level + v.gain, filled<N>(v.most));
    level = v.fade + level;
    if (v.antialiased) level += 0.5f * log2<N>(larger(raw / determinant, filled<N>(kLeastCompensation)));
    const F spare = level - (kCut - kSpareLevel);
    const F inverseYY = 1.0f / yy, a = (0.5f * kLog2E) * (yy / determinant), c = (0.5f * kLog2E) * inverseYY, inverseA = 1.0f / a;
    const F reach = (2.0f * kLn2) * spare, tall = squareRoot<N>(reach * yy), wide = squareRoot<N>(reach * xx);
    const F extentX = wide + kSparePixels, extentY = tall + kSparePixels;
    const F x = s.pixelX, y = s.pixelY;
    const auto seen = e.areNumbers & (logit == logit) & (level > kCut) & (x + extentX > 0.0f) & (y + extentY > 0.0f) & (x - extentX < v.width) &
                      (y - extentY < v.height);
    const unsigned mask = bitMask<N>(seen) & ahead;
    if (mask) {
        const F values[12] = {x, y, a, xy * inverseYY, c, level, s.z, extentX, extentY, xy / xx * wide, spare * inverseA, c * inverseA};
        write<N>(values, mask, to);
    }
    return mask;
}

template <int N>
long project(const Splats& splats, const View& view, long begin, long end, Drawn* all, std::uint32_t* visible, double* depths) {
    long found = 0;
    for (long i = begin; i < end; i += N) {
        double depth[N];
        unsigned mask = 0;
        if (i + N <= end) {
            mask = projectSome<N>(splats.positions + 3 * i, splats.logScales + 3 * i, splats.rotations + 4 * i,
                                  splats.opacities + i, view, (1u << N) - 1, all + i, depth);
        } else { // what is left, with room behind it
            const auto rest = static_cast<unsigned long>(end - i);
            float positions[3 * N] = {}, logScales[3 * N] = {}, rotations[4 * N] = {}, opacities[N] = {};
            __builtin_memcpy(positions, splats.positions + 3 * i, 3 * rest * sizeof(float));
            __builtin_memcpy(logScales, splats.logScales + 3 * i, 3 * rest * sizeof(float));
            __builtin_memcpy(rotations, splats.rotations + 4 * i, 4 * rest * sizeof(float));
            __builtin_memcpy(opacities, splats.opacities + i, rest * sizeof(float));
            mask = projectSome<N>(positions, logScales, rotations, opacities, view, (1u << rest) - 1, all + i, depth);
        }
        for (; mask; mask &= mask - 1) {
            const int lane = __builtin_ctz(mask);
            visible[found] = static_cast<std::uint32_t>(i + lane);
            depths[found++] = depth[lane];
        }
    }
    return found;
}

} // namespace
} // namespace ochre::raster
