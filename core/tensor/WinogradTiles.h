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

constexpr long kMostZeros = 4096; ///< channels of a pixel outside of the picture
alignas(64) inline constexpr float kZeros[kMostZeros]{};

/// Bᵀ·d·B of Lanes channels, from channel c on, of a patch whose pixels lie anywhere.
template <int Lanes>
inline void readPixels(const float* const* pixels, long c, float* to, long plane) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    V half[kPoints];
#pragma GCC unroll 6
    for (int j = 0; j < kPatch; ++j) {
        V column[kPatch];
#pragma GCC unroll 6
        for (int i = 0; i < kPatch; ++i) column[i] = load<Lanes>(pixels[i * kPatch + j] + c);
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

/// Bᵀ·d·B of Lanes channels of a patch inside the picture: rows[i] is the first pixel of its row. The pixels that the
/// next tile to the right adds are fetched meanwhile, since memory is what it waits for.
template <int Lanes>
inline void readPatch(const float* const* rows, long pixelStride, float* to, long plane) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    V half[kPoints];
#pragma GCC unroll 6
    for (int j = 0; j < kPatch; ++j) {
        V column[kPatch];
#pragma GCC unroll 6
        for (int i = 0; i < kPatch; ++i) {
            column[i] = load<Lanes>(rows[i] + j * pixelStride);
            if (j >= kPatch - kTile) __builtin_prefetch(rows[i] + (kTile + j) * pixelStride);
        }
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

/// Where the pixels of a patch lie that is partly outside or of a doubled picture.
inline void placePixels(const float* picture, const Picture& x, const Plan& plan, long y0, long x0, const float** pixels) {
    const int shift = plan.doubled ? 1 : 0;
    const long height = x.height << shift, width = x.width << shift;
    for (long i = 0; i < kPatch; ++i)
        for (long j = 0; j < kPatch; ++j) {
            const long y = y0 + i, col = x0 + j;
            const bool inside = y >= 0 && y < height && col >= 0 && col < width;
            pixels[i * kPatch + j] = inside ? picture + (y >> shift) * x.rowStride + (col >> shift) * x.pixelStride : kZeros;
        }
}

/// The same where channels are left over.
template <int Lanes>
void readEdgePatch(const float* picture, const Picture& x, const Plan& plan, long y0, long x0, long c, float* to, long plane) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    const int shift = plan.doubled ? 1 : 0;
    const long height = x.height << shift, width = x.width << shift;
    const long lanes = plan.inChannels - c < Lanes ? plan.inChannels - c : Lanes;
    V patch[kPoints], half[kPoints];
    for (int i = 0; i < kPatch; ++i)
        for (int j = 0; j < kPatch; ++j) {
            const long y = y0 + i, col = x0 + j;
            const bool inside = y >= 0 && y < height && col >= 0 && col < width;
            const float* p = picture + (y >> shift) * x.rowStride + (col >> shift) * x.pixelStride + c;
            patch[i * kPatch + j] = inside ? loadSome<Lanes>(p, lanes) : V{};
        }
    for (int j = 0; j < kPatch; ++j) transformIn(patch + j, kPatch, half + j, kPatch);
    for (int i = 0; i < kPatch; ++i) transformIn(half + i * kPatch, 1, patch + i * kPatch, 1);
    for (int p = 0; p < kPoints; ++p) Vec::store(to + p * plane, patch[p]);
}

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
        if (inside) {
            const float* rows[kPatch];
            for (int i = 0; i < kPatch; ++i) rows[i] = picture + (y0 + i) * x.rowStride + x0 * x.pixelStride;
            for (; c + Lanes <= plan.inChannels; c += Lanes, target += steps.group) {
                readPatch<Lanes>(rows, x.pixelStride, target, steps.plane);
                for (const float*& row : rows) row += Lanes;
            }
        }
        if (!inside && plan.inChannels <= kMostZeros) {
            const float* pixels[kPoints];
            placePixels(picture, x, plan, y0, x0, pixels);
            for (; c + Lanes <= plan.inChannels; c += Lanes, target += steps.group)
                readPixels<Lanes>(pixels, c, target, steps.plane);
        }
        for (; c < plan.inChannels; c += Lanes, target += steps.group)
            readEdgePatch<Lanes>(picture, x, plan, y0, x0, c, target, steps.plane);
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
