// SPDX-License-Identifier: GPL-3.0-or-later
// The gradient of the kernels of Winograd's convolution: for each of the 36 points a matrix product over all tiles, between
// these transforms. Only for WinogradKernel.h.
#pragma once

#include "core/tensor/WinogradTiles.h"

namespace ochre::nn::winograd {
namespace {

template <int Lanes>
void readSeen(const Plan& plan, const Picture& x, long first, long count, long from, long to, float* values) {
    readTilesTo<Lanes>(plan, x, first, from, to, values, {planeOf(count, plan.inChannels), plan.inChannels, Lanes});
}

/// A·y·Aᵀ of tiles of the result's gradient; beyond its edges there are zeros.
template <int Lanes>
void readWorth(const Plan& plan, const Picture& y, long first, long count, long from, long to, float* values) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    const long plane = planeOf(count, plan.outChannels);
    for (long t = from; t < to; ++t) {
        const Place place = placeOf(plan, first + t);
        const long rows = y.height - place.y < kTile ? y.height - place.y : kTile;
        const long width = y.width - place.x < kTile ? y.width - place.x : kTile;
        const float* corner = y.data + place.picture * y.pictureStride + place.y * y.rowStride + place.x * y.pixelStride;
        for (long c = 0; c < plan.outChannels; c += Lanes) {
            V tile[kTile * kTile]{}, half[kPatch * kTile], points[kPatch];
            for (long i = 0; i < rows; ++i)
                for (long j = 0; j < width; ++j)
                    tile[i * kTile + j] = load<Lanes>(corner + i * y.rowStride + j * y.pixelStride + c);
            for (int j = 0; j < kTile; ++j) transformResult(tile + j, kTile, half + j, kTile);
            float* to = values + t * plan.outChannels + c;
            for (int i = 0; i < kPatch; ++i) {
                transformResult(half + i * kTile, 1, points, 1);
                for (int j = 0; j < kPatch; ++j) Vec::store(to + (i * kPatch + j) * plane, points[j]);
            }
        }
    }
}

template <int Lanes>
void foldKernels(const Plan& plan, const float* sums, long from, long to, float* gradient) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    const long plane = plan.outChannels * plan.inChannels;
    for (long o = from; o < to; ++o)
        for (long i = 0; i < plan.inChannels; i += Lanes) {
            V points[kPoints], half[3 * kPatch], kernel[9];
            for (int p = 0; p < kPoints; ++p) points[p] = Vec::load(sums + p * plane + o * plan.inChannels + i);
            for (int j = 0; j < kPatch; ++j) transformKernelBack(points + j, kPatch, half + j, kPatch);
            for (int r = 0; r < 3; ++r) transformKernelBack(half + r * kPatch, 1, kernel + 3 * r, 1);
            for (int k = 0; k < 9; ++k) Vec::store(gradient + (o * 9 + k) * plan.inChannels + i, kernel[k]);
        }
}

} // namespace
} // namespace ochre::nn::winograd
