// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures to the transformed tiles of Winograd's convolution; only for WinogradKernel.h.
#pragma once

#include "core/tensor/WinogradProducts.h"

namespace ochre::nn::winograd {
namespace {

/// The first `lanes` values, then zeros.
template <int Lanes>
inline typename Vector<Lanes>::Type loadSome(const float* p, long lanes) {
    if (lanes == Lanes) return load<Lanes>(p);
    typename Vector<Lanes>::Type v{};
    for (long k = 0; k < lanes; ++k) v[k] = p[k];
    return v;
}
template <int Lanes>
inline void storeSome(float* p, typename Vector<Lanes>::Type v, long lanes) {
    if (lanes == Lanes)
        store<Lanes>(p, v);
    else
        for (long k = 0; k < lanes; ++k) p[k] = v[k];
}

/// Bᵀ·d·B of Lanes channels of a patch, whose pixel in row i and column j is at(i, j).
template <int Lanes, typename At>
inline void readPatch(const At& at, float* to, long plane) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    V half[kPoints];
#pragma GCC unroll 6
    for (int j = 0; j < kPatch; ++j) {
        V column[kPatch];
#pragma GCC unroll 6
        for (int i = 0; i < kPatch; ++i) column[i] = at(i, j);
        transformIn(column, 1, half + j, kPatch);
    }
#pragma GCC unroll 6
    for (int i = 0; i < kPatch; ++i) {
        V row[kPatch];
        transformIn(half + i * kPatch, 1, row, 1);
#pragma GCC unroll 6
        for (int j = 0; j < kPatch; ++j) Vec::store(to + (i * kPatch + j) * plane, row[j]);
    }
}

constexpr long kMostZeros = 4096; ///< channels of a pixel outside of the picture
alignas(64) inline constexpr float kZeros[kMostZeros]{};

/// The first channels of a patch's pixels; null outside of the picture.
struct Pixels {
    const float* at[kPoints];

    Pixels(const float* picture, const Picture& x, const Plan& plan, long y0, long x0) {
        const int shift = plan.doubled ? 1 : 0;
        const long height = x.height << shift, width = x.width << shift;
        for (long i = 0; i < kPatch; ++i)
            for (long j = 0; j < kPatch; ++j) {
                const long y = y0 + i, col = x0 + j;
                const bool inside = y >= 0 && y < height && col >= 0 && col < width;
                at[i * kPatch + j] = inside ? picture + (y >> shift) * x.rowStride + (col >> shift) * x.pixelStride : nullptr;
            }
    }
};

/// Where a tile lies: picture, first row, first column.
struct Place {
    long picture, y, x;
};
inline Place placeOf(const Plan& plan, long tile) {
    const long inPicture = tile % (plan.tilesX * plan.tilesY);
    return {tile / (plan.tilesX * plan.tilesY), inPicture / plan.tilesX * kTile, inPicture % plan.tilesX * kTile};
}

/// Where the values of a tile go, in floats: from one point, tile or Lanes of channels to the next.
struct Steps {
    long plane, tile, group;
};

/// Tiles `from` to `to` of those that begin with `first`.
template <int Lanes>
void readTilesTo(const Plan& plan, const Picture& x, long first, long from, long to, float* values, const Steps& steps) {
    for (long t = from; t < to; ++t) {
        const Place place = placeOf(plan, first + t);
        const long y0 = place.y - plan.padRows, x0 = place.x - plan.padColumns;
        const float* picture = x.data + place.picture * x.pictureStride;
        const bool inside = !plan.doubled && y0 >= 0 && x0 >= 0 && y0 + kPatch <= x.height && x0 + kPatch <= x.width;
        float* target = values + t * steps.tile;
        long c = 0;
        const auto rest = [&] { return plan.inChannels - c; };
        if (inside) {
            const float* corner = picture + y0 * x.rowStride + x0 * x.pixelStride;
            for (; rest() >= Lanes; c += Lanes, target += steps.group)
                readPatch<Lanes>(
                    [&](int i, int j) {
                        const float* pixel = corner + i * x.rowStride + j * x.pixelStride + c;
                        // Those that the next tile to the right adds: memory is what it waits for.
                        if (j >= kPatch - kTile) __builtin_prefetch(pixel + kTile * x.pixelStride);
                        return load<Lanes>(pixel);
                    },
                    target, steps.plane);
        }
        if (rest() <= 0) continue;
        Pixels pixels(picture, x, plan, y0, x0);
        if (plan.inChannels <= kMostZeros) {
            for (const float*& pixel : pixels.at) pixel = pixel ? pixel : kZeros;
            for (; rest() >= Lanes; c += Lanes, target += steps.group)
                readPatch<Lanes>([&](int i, int j) { return load<Lanes>(pixels.at[i * kPatch + j] + c); }, target, steps.plane);
        }
        for (; rest() > 0; c += Lanes, target += steps.group)
            readPatch<Lanes>(
                [&](int i, int j) {
                    const float* pixel = pixels.at[i * kPatch + j];
                    return pixel ? loadSome<Lanes>(pixel + c, rest() < Lanes ? rest() : Lanes) : typename Vector<Lanes>::Type{};
                },
                target, steps.plane);
    }
}

/// Values [36][inChannels/Lanes][count][Lanes], of which this writes its part.
template <int Lanes>
void readTiles(const Plan& plan, const Picture& x, long first, long count, long from, long to, float* values) {
    readTilesTo<Lanes>(plan, x, first, from, to, values,
                       {planeOf(count, roundUp<Lanes>(plan.inChannels)), Lanes, count * Lanes});
}

} // namespace
} // namespace ochre::nn::winograd
