// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's convolution for one width of vector registers: included by the sources that are compiled for AVX2 and for
// AVX-512, and by nothing else. It uses no library, so that no function compiled for the newer instructions
// can end up in the rest of the program.
#pragma once

#include "core/tensor/WinogradProducts.h"

namespace ochre::nn::winograd {
namespace {

/// `count` tiles from `first` on → values [36][count][inChannels].
template <int Lanes>
void readTiles(const Picture& x, const Plan& plan, long first, long count, float* values) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    for (long t = 0; t < count; ++t) {
        const long tile = first + t;
        const long y0 = tile / plan.tilesX * kTile - plan.padRows, x0 = tile % plan.tilesX * kTile - plan.padColumns;
        const int shift = plan.doubled ? 1 : 0;
        const long height = x.height << shift, width = x.width << shift;
        const bool inside = y0 >= 0 && x0 >= 0 && y0 + kPatch <= height && x0 + kPatch <= width;
        float* out = values + t * plan.inChannels;
        const long plane = planeOf(count, plan.inChannels);
        for (long c = 0; c < plan.inChannels; c += Lanes) {
            const long lanes = plan.inChannels - c < Lanes ? plan.inChannels - c : Lanes;
            V patch[kPoints], half[kPoints];
            for (int i = 0; i < kPatch; ++i)
                for (int j = 0; j < kPatch; ++j) {
                    const long y = y0 + i, col = x0 + j;
                    V v{};
                    if (inside || (y >= 0 && y < height && col >= 0 && col < width)) {
                        const float* p = x.data + (y >> shift) * x.rowStride + (col >> shift) * x.pixelStride + c;
                        if (lanes == Lanes)
                            v = Vec::load(p);
                        else
                            for (long k = 0; k < lanes; ++k) v[k] = p[k];
                    }
                    patch[i * kPatch + j] = v;
                }
            for (int j = 0; j < kPatch; ++j) transformIn(patch + j, kPatch, half + j, kPatch);
            for (int i = 0; i < kPatch; ++i) transformIn(half + i * kPatch, 1, patch + i * kPatch, 1);
            for (int p = 0; p < kPoints; ++p) {
                float* to = out + p * plane + c;
                if (lanes == Lanes)
                    Vec::store(to, patch[p]);
                else
                    for (long k = 0; k < lanes; ++k) to[k] = patch[p][k];
            }
        }
    }
}

template <int Lanes>
void writeTiles(const Plan& plan, const float* products, long first, long count, const Output& out) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    const long plane = planeOf(count, plan.paddedOut);
    for (long t = 0; t < count; ++t) {
        const long tile = first + t, y0 = tile / plan.tilesX * kTile, x0 = tile % plan.tilesX * kTile;
        const long rows = out.height - y0 < kTile ? out.height - y0 : kTile;
        const long columns = out.width - x0 < kTile ? out.width - x0 : kTile;
        for (long c = 0; c < plan.outChannels; c += Lanes) {
            const long lanes = plan.outChannels - c < Lanes ? plan.outChannels - c : Lanes;
            V m[kPoints], half[kTile * kPatch], y[kTile * kTile];
            for (int p = 0; p < kPoints; ++p)
                m[p] = vanishes(plan, p) ? V{} : Vec::load(products + p * plane + t * plan.paddedOut + c);
            for (int j = 0; j < kPatch; ++j) transformOut(m + j, kPatch, half + j, kPatch);
            for (int i = 0; i < kTile; ++i) transformOut(half + i * kPatch, 1, y + i * kTile, 1);
            V bias{};
            if (out.bias)
                for (long k = 0; k < lanes; ++k) bias[k] = out.bias[c + k];
            for (long i = 0; i < rows; ++i)
                for (long j = 0; j < columns; ++j) {
                    V v = y[i * kTile + j] + bias;
                    if (out.leaky) v = v < 0.0f ? v * out.slope : v;
                    float* to = out.data + (y0 + i) * out.rowStride + (x0 + j) * out.pixelStride + c;
                    if (lanes == Lanes)
                        Vec::store(to, out.add ? v + Vec::load(to) : v);
                    else
                        for (long k = 0; k < lanes; ++k) to[k] = out.add ? to[k] + v[k] : v[k];
                }
        }
    }
}

/// G·g·Gᵀ of the kernels of output channels `first` to `last`, both multiples of the block, packed for multiply().
template <int Lanes>
void packWeights(const Plan& plan, const Kernels& kernels, long first, long last, float* packed) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    constexpr long block = 2 * Lanes;
    for (long o = first; o < last; o += Lanes) {
        const long lanes = plan.outChannels - o < Lanes ? plan.outChannels - o : Lanes;
        for (long i = 0; i < plan.inChannels; ++i) {
            V kernel[9]{}, half[kPatch * 3], points[kPoints];
            for (long lane = 0; lane < lanes; ++lane) {
                const float* k = kernels.data + (o + lane) * kernels.outStride + i * kernels.inStride;
                for (int r = 0; r < 3; ++r)
                    for (int c = 0; c < 3; ++c) kernel[3 * r + c][lane] = k[r * kernels.rowStride + c * kernels.columnStride];
            }
            for (int c = 0; c < 3; ++c) transformKernel(kernel + c, 3, half + c, 3);
            for (int r = 0; r < kPatch; ++r) transformKernel(half + 3 * r, 1, points + kPatch * r, 1);
            float* to = packed + o / block * block * plan.inChannels + i * block + o % block;
            for (int p = 0; p < kPoints; ++p) Vec::store(to + p * plan.paddedOut * plan.inChannels, points[p]);
        }
    }
}

} // namespace
} // namespace ochre::nn::winograd
