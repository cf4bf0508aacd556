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

/// The same where parts of the patch are outside, channels are left over or the picture is doubled.
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

/// Tiles `from` to `to` of `count` that begin with `first` → their part of values
/// [36][inChannels/Lanes][count][Lanes].
template <int Lanes>
void readTiles(const Plan& plan, const Picture& x, long first, long count, long from, long to, float* values) {
    const long plane = planeOf(count, roundUp<Lanes>(plan.inChannels)), group = count * Lanes;
    for (long t = from; t < to; ++t) {
        const Place place = placeOf(plan, first + t);
        const long y0 = place.y - plan.padRows, x0 = place.x - plan.padColumns;
        const float* picture = x.data + place.picture * x.pictureStride;
        const bool inside = !plan.doubled && y0 >= 0 && x0 >= 0 && y0 + kPatch <= x.height && x0 + kPatch <= x.width;
        float* target = values + t * Lanes;
        long c = 0;
        if (inside) {
            const float* rows[kPatch];
            for (int i = 0; i < kPatch; ++i) rows[i] = picture + (y0 + i) * x.rowStride + x0 * x.pixelStride;
            for (; c + Lanes <= plan.inChannels; c += Lanes, target += group) {
                readPatch<Lanes>(rows, x.pixelStride, target, plane);
                for (const float*& row : rows) row += Lanes;
            }
        }
        for (; c < plan.inChannels; c += Lanes, target += group) readEdgePatch<Lanes>(picture, x, plan, y0, x0, c, target, plane);
    }
}

} // namespace
} // namespace ochre::nn::winograd
