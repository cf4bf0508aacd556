// SPDX-License-Identifier: GPL-3.0-or-later
// One tile with all that a frame can hold beside its colours.
#pragma once

#include "core/render/cpu/BlendKernel.h"

namespace ochre::raster {
namespace {

template <int N>
struct PlaneCanvas : Canvas<N> {
    using Canvas<N>::kParts;
    Float<N> depth[kParts], median[kParts], normal[3][kParts];
    Int<N> splat[kParts];
};

template <int N>
void blendPlanes(const Drawn* all, const Normal* normals, const std::uint32_t* list, long count, int x, int y, PlaneTile& tile) {
    using F = Float<N>;
    PlaneCanvas<N> canvas;
    clear<N>(canvas);
    for (int part = 0; part < Canvas<N>::kParts; ++part) {
        canvas.depth[part] = canvas.median[part] = canvas.normal[0][part] = canvas.normal[1][part] = canvas.normal[2][part] = F{};
        canvas.splat[part] = Int<N>{} - 1;
    }
    const auto also = [&](std::uint32_t index, int part, F weight, F before, F after) __attribute__((always_inline)) {
        const float depth = all[index].depth;
        canvas.depth[part] += weight * depth;
        const Int<N> passes = (before > 0.5f) & (after <= 0.5f) & (weight > 0.0f);
        canvas.median[part] = passes ? filled<N>(depth) : canvas.median[part];
        canvas.splat[part] = passes ? Int<N>{} + static_cast<int>(index) : canvas.splat[part];
        if (!normals) return;
        for (int k = 0; k < 3; ++k) canvas.normal[k][part] += weight * normals[index].axis[k];
    };
    walk<N>(all, list, count, x, y, canvas, also);
    overPixels<N>([&](int part, int lane, int pixel) __attribute__((always_inline)) {
        tile.red[pixel] = canvas.red[part][lane];
        tile.green[pixel] = canvas.green[part][lane];
        tile.blue[pixel] = canvas.blue[part][lane];
        tile.transmittance[pixel] = __builtin_fabsf(canvas.transmittance[part][lane]);
        tile.depth[pixel] = canvas.depth[part][lane];
        tile.median[pixel] = canvas.median[part][lane];
        for (int k = 0; k < 3; ++k) tile.normal[k][pixel] = canvas.normal[k][part][lane];
        tile.splat[pixel] = canvas.splat[part][lane];
    });
}

} // namespace
} // namespace ochre::raster
