// SPDX-License-Identifier: GPL-3.0-or-later
// Splats into the picture, as many at a time as a register has lanes. The formulas are those of SplatMath; what decides the
// order and the place of a splat is computed in double precision.
#pragma once

#include "core/render/cpu/Raster.h"
#include "core/render/cpu/RasterLanes.h"

namespace ochre::raster {
namespace {

constexpr float kLog2E = 1.44269504f, kLn2 = 0.69314718f;
constexpr float kCut = -7.99435344f;       // log₂ of 1/255: fainter contributions are skipped
constexpr float kSpareLevel = 1e-3f;       // by how much boxes are larger than that asks for: log₂ of the strength,
constexpr float kSparePixels = 0.01f;      // and pixels
constexpr float kWidest = 1e9f;            // px; an axis longer than this is taken for one of this length
constexpr float kDilation = 0.3f;          // px², added to the projected covariance
constexpr float kLeastCompensation = 0.000025f;

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

/// Where splats stand before the camera.
template <int N>
struct Stand {
    Float<N> x, y, z;           ///< in the camera
    Float<N> pixelX, pixelY;
    double depth[N];            ///< z, exactly
};

template <int N>
[[gnu::always_inline]] inline Stand<N> stand(Float<N> px, Float<N> py, Float<N> pz, const View& v) {
    using Double = typename Lanes<N>::Double;
    const double* w = v.world;
    Double x[2], y[2], z[2], pixelX[2], pixelY[2];
    for (int h = 0; h < 2; ++h) {
        const Double a = h ? highHalf<N>(px) : lowHalf<N>(px), b = h ? highHalf<N>(py) : lowHalf<N>(py),
                     c = h ? highHalf<N>(pz) : lowHalf<N>(pz);
        x[h] = w[0] * a + w[1] * b + w[2] * c + w[3];
        y[h] = w[4] * a + w[5] * b + w[6] * c + w[7];
        z[h] = w[8] * a + w[9] * b + w[10] * c + w[11];
        const Double inverse = 1.0 / z[h];
        pixelX[h] = v.fx * x[h] * inverse + v.cx;
        pixelY[h] = v.fy * y[h] * inverse + v.cy;
    }
    Stand<N> s{narrowed<N>(x[0], x[1]), narrowed<N>(y[0], y[1]), narrowed<N>(z[0], z[1]), narrowed<N>(pixelX[0], pixelX[1]),
               narrowed<N>(pixelY[0], pixelY[1]), {}};
    __builtin_memcpy(s.depth, z, sizeof s.depth);
    return s;
}

/// The projected axes of the ellipsoids: axis k is (p[k], q[k]) in pixels.
template <int N>
struct Axes {
    Float<N> p[3], q[3];
    Int<N> areNumbers; ///< and finite
};

template <int N>
[[gnu::always_inline]] inline Axes<N> axes(const Stand<N>& s, const float* logScales, const float* rotations, const View& v) {
    using F = Float<N>;
    float m[12];
    for (int i = 0; i < 12; ++i) m[i] = static_cast<float>(v.world[i]);
    const F inverse = 1.0f / s.z;
    const F slopeX = smaller(larger(s.x * inverse, filled<N>(v.lowX)), filled<N>(v.highX));
    const F slopeY = smaller(larger(s.y * inverse, filled<N>(v.lowY)), filled<N>(v.highY));
    const F jx = static_cast<float>(v.fx) * inverse, jxz = -jx * slopeX, jy = static_cast<float>(v.fy) * inverse, jyz = -jy * slopeY;
    const F a[3] = {jx * m[0] + jxz * m[8], jx * m[1] + jxz * m[9], jx * m[2] + jxz * m[10]};
    const F b[3] = {jy * m[4] + jyz * m[8], jy * m[5] + jyz * m[9], jy * m[6] + jyz * m[10]};
    const F w = strided<N>(rotations, 4), x = strided<N>(rotations + 1, 4), y = strided<N>(rotations + 2, 4),
            z = strided<N>(rotations + 3, 4);
    const F r[3][3] = {{1.0f - 2.0f * (y * y + z * z), 2.0f * (x * y - w * z), 2.0f * (x * z + w * y)},
                       {2.0f * (x * y + w * z), 1.0f - 2.0f * (x * x + z * z), 2.0f * (y * z - w * x)},
                       {2.0f * (x * z - w * y), 2.0f * (y * z + w * x), 1.0f - 2.0f * (x * x + y * y)}};
    Axes<N> out;
    F sum{};
    out.areNumbers = sum == sum;
    for (int k = 0; k < 3; ++k) {
        const F logScale = strided<N>(logScales + k, 3), scale = exp2<N>(logScale * kLog2E);
        out.p[k] = (a[0] * r[0][k] + a[1] * r[1][k] + a[2] * r[2][k]) * scale;
        out.q[k] = (b[0] * r[0][k] + b[1] * r[1][k] + b[2] * r[2][k]) * scale;
        out.areNumbers &= logScale == logScale;
        sum += out.p[k] + out.q[k];
    }
    out.areNumbers &= sum - sum == 0.0f;
    return out;
}

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

/// N splats; returns the mask of those that can be seen. `present`: the mask of those that are there.
template <int N>
[[gnu::always_inline]] inline unsigned projectSome(const float* positions, const float* logScales, const float* rotations,
                                                   const float* opacities, const View& v, unsigned present, Drawn* to,
                                                   double* depths) {
    using F = Float<N>;
    const Stand<N> s = stand<N>(strided<N>(positions, 3), strided<N>(positions + 1, 3), strided<N>(positions + 2, 3), v);
    unsigned ahead = 0;
    for (int i = 0; i < N; ++i) ahead |= static_cast<unsigned>(s.depth[i] >= v.near) << i;
    ahead &= present;
    if (!ahead) return 0;
    __builtin_memcpy(depths, s.depth, sizeof s.depth);

    Axes<N> e = axes<N>(s, logScales, rotations, v);
    const F logit = strided<N>(opacities, 1);
    for (int k = 0; k < 3; ++k) {
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

/// Real spherical harmonics with the signs of the 3DGS files, without the constant band.
template <int N>
[[gnu::always_inline]] inline void harmonics(Float<N> x, Float<N> y, Float<N> z, Float<N> (&to)[15]) {
    using F = Float<N>;
    const F xx = x * x, yy = y * y, zz = z * z;
    to[0] = -0.48860251f * y;
    to[1] = 0.48860251f * z;
    to[2] = -0.48860251f * x;
    to[3] = 1.09254843f * (x * y);
    to[4] = -1.09254843f * (y * z);
    to[5] = 0.315391565f * (2.0f * zz - xx - yy);
    to[6] = -1.09254843f * (x * z);
    to[7] = 0.546274215f * (xx - yy);
    to[8] = -0.590043590f * y * (3.0f * xx - yy);
    to[9] = 2.89061144f * (x * y) * z;
    to[10] = -0.457045799f * y * (4.0f * zz - xx - yy);
    to[11] = 0.373176333f * z * (2.0f * zz - 3.0f * xx - 3.0f * yy);
    to[12] = -0.457045799f * x * (4.0f * zz - xx - yy);
    to[13] = 1.44530572f * z * (xx - yy);
    to[14] = -0.590043590f * x * (xx - 3.0f * yy);
}

template <int N>
void shade(const Splats& splats, const View& view, const std::uint32_t* which, long count, Drawn* all) {
    using F = Float<N>;
    for (long first = 0; first < count; first += N) {
        long index[N];
        const float *position[N], *base[N], *rest[N];
        for (int i = 0; i < N; ++i) {
            index[i] = which[first + i < count ? first + i : count - 1];
            position[i] = splats.positions + 3 * index[i];
            base[i] = splats.sh0 + 3 * index[i];
            rest[i] = splats.shRest + 3 * splats.restCount * index[i];
        }
        F color[3];
        for (int k = 0; k < 3; ++k) color[k] = 0.5f + 0.282094792f * gathered<N>(base, k);
        if (view.usedRest > 0) {
            F d[3];
            for (int k = 0; k < 3; ++k) {
                const F p = gathered<N>(position, k);
                d[k] = narrowed<N>(lowHalf<N>(p) - view.eye[k], highHalf<N>(p) - view.eye[k]);
            }
            const F inverse = 1.0f / squareRoot<N>(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
            F basis[15];
            harmonics<N>(d[0] * inverse, d[1] * inverse, d[2] * inverse, basis);
            for (int j = 0; j < view.usedRest; ++j)
                for (int k = 0; k < 3; ++k) color[k] += basis[j] * gathered<N>(rest, 3 * j + k);
        }
        float colors[3][N];
        for (int k = 0; k < 3; ++k) color[k] = larger(color[k], F{});
        __builtin_memcpy(colors, color, sizeof colors);
        for (int i = 0; i < N && first + i < count; ++i) {
            Drawn& d = all[index[i]];
            d.red = colors[0][i];
            d.green = colors[1][i];
            d.blue = colors[2][i];
        }
    }
}

} // namespace
} // namespace ochre::raster
