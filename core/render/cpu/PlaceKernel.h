// SPDX-License-Identifier: GPL-3.0-or-later
// Where splats stand before the camera, in double precision since it decides their order and their pixel, and the axes of their
// ellipsoids in the picture.
#pragma once

#include "core/render/cpu/Raster.h"
#include "core/render/cpu/RasterGather.h"

namespace ochre::raster {
namespace {

constexpr float kLog2E = 1.44269504f;

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
        const Double inverse = v.orthographic ? 1.0 - Double{} : 1.0 / z[h];
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
    F inverse = filled<N>(1.0f), slopeX{}, slopeY{};
    if (!v.orthographic) {
        inverse = 1.0f / s.z;
        slopeX = smaller(larger(s.x * inverse, filled<N>(v.lowX)), filled<N>(v.highX));
        slopeY = smaller(larger(s.y * inverse, filled<N>(v.lowY)), filled<N>(v.highY));
    }
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

} // namespace
} // namespace ochre::raster
