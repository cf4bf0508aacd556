// SPDX-License-Identifier: GPL-3.0-or-later
// Colours of splats as seen from a place, as many at a time as a register has lanes.
#pragma once

#include "core/render/cpu/Raster.h"
#include "core/render/cpu/RasterGather.h"

namespace ochre::raster {
namespace {

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
                if (view.orthographic) d[k] = filled<N>(static_cast<float>(view.eye[k]));
                else d[k] = narrowed<N>(lowHalf<N>(p) - view.eye[k], highHalf<N>(p) - view.eye[k]);
            }
            const F inverse = 1.0f / squareRoot<N>(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
            F basis[15];
            harmonics<N>(d[0] * inverse, d[1] * inverse, d[2] * inverse, basis);
            for (int j = 0; j < view.usedRest; ++j)
                for (int k = 0; k < 3; ++k) color[k] += basis[j] * gathered<N>(rest, 3 * j + k);
        }
        if (view.graded) {
            F mapped[3];
            for (int k = 0; k < 3; ++k) {
                const float* row = view.color + 4 * k;
                mapped[k] = row[0] * color[0] + row[1] * color[1] + row[2] * color[2] + row[3];
            }
            for (int k = 0; k < 3; ++k) color[k] = mapped[k];
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
