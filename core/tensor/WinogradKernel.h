// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's convolution for one width of vector registers: included by the sources that are compiled for AVX2 and for
// AVX-512, and by nothing else. It uses no library, so that no function compiled for the newer instructions
// can end up in the rest of the program.
#pragma once

#include "core/tensor/WinogradGradient.h"

namespace ochre::nn::winograd {
namespace {

/// products [36][count][columns] of the output channels from `channel` on → the picture.
template <int Lanes>
void writeTiles(const Plan& plan, const float* products, long columns, long channel, long first, long count,
                const Output& out) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    const long plane = planeOf(count, columns);
    const long end = plan.outChannels - channel < columns ? plan.outChannels : channel + columns;
    for (long t = 0; t < count; ++t) {
        const Place place = placeOf(plan, first + t);
        const long rows = out.height - place.y < kTile ? out.height - place.y : kTile;
        const long width = out.width - place.x < kTile ? out.width - place.x : kTile;
        float* corner = out.data + place.picture * out.pictureStride + place.y * out.rowStride +
                    place.x * out.pixelStride;
        const float* baseCorner = out.base ? out.base + place.picture * out.basePictureStride +
                                             place.y * out.baseRowStride + place.x * out.basePixelStride
                                       : nullptr;
        for (long c = channel; c < end; c += Lanes) {
            const long lanes = end - c < Lanes ? end - c : Lanes;
            V m[kPoints], half[kTile * kPatch], y[kTile * kTile];
            for (int p = 0; p < kPoints; ++p)
                m[p] = vanishes(plan, p) ? V{} : Vec::load(products + p * plane + t * columns + c - channel);
            for (int j = 0; j < kPatch; ++j) transformOut(m + j, kPatch, half + j, kPatch);
            for (int i = 0; i < kTile; ++i) transformOut(half + i * kPatch, 1, y + i * kTile, 1);
            const V bias = out.bias ? loadSome<Lanes>(out.bias + c, lanes) : V{};
            for (long i = 0; i < rows; ++i)
                for (long j = 0; j < width; ++j) {
                    V v = y[i * kTile + j] + bias;
                    if (out.leaky) v = v < 0.0f ? v * out.slope : v;
                    if (baseCorner) {
                        const float* base = baseCorner + i * out.baseRowStride + j * out.basePixelStride + c;
                        v = loadSome<Lanes>(base, lanes) + out.scale * v;
                    }
                    storeSome<Lanes>(corner + i * out.rowStride + j * out.pixelStride + c, v, lanes);
                }
        }
    }
}

/// G·g·Gᵀ of the kernels from input channels `begin` to `end`, at most kDepth, to the Lanes output channels from `o` on:
/// point p of input channel i goes to packed + p·pointStride + (i − begin)·2·Lanes.
template <int Lanes>
void packKernels(const Plan& plan, const Kernels& kernels, long o, long begin, long end, float* packed, long pointStride) {
    using Vec = Vector<Lanes>;
    using V = typename Vec::Type;
    const long lanes = plan.outChannels - o < Lanes ? plan.outChannels - o : Lanes;
    V taps[kDepth * 9]; // the Lanes kernels side by side
    if (lanes < Lanes)
        for (V& tap : taps) tap = V{};
    for (long lane = 0; lane < lanes; ++lane) {
        float* to = reinterpret_cast<float*>(taps) + lane;
        const float* kernel = kernels.data + (o + lane) * kernels.outStride + begin * kernels.inStride;
        for (long i = begin; i < end; ++i, kernel += kernels.inStride) {
            __builtin_prefetch(kernel + kDepth * kernels.inStride); // for the next call
            for (int r = 0; r < 3; ++r)
                for (int c = 0; c < 3; ++c, to += Lanes) *to = kernel[r * kernels.rowStride + c * kernels.columnStride];
        }
    }
    for (long i = 0; i < end - begin; ++i) {
        V half[kPatch * 3], points[kPoints];
        for (int c = 0; c < 3; ++c) transformKernel(taps + 9 * i + c, 3, half + c, 3);
        for (int r = 0; r < kPatch; ++r) transformKernel(half + 3 * r, 1, points + kPatch * r, 1);
        for (int p = 0; p < kPoints; ++p) Vec::store(packed + p * pointStride + i * 2 * Lanes, points[p]);
    }
}

/// The same for all input channels of the output channels `first` to `last`, both multiples of the block.
template <int Lanes>
void packWeights(const Plan& plan, const Kernels& kernels, long first, long last, float* packed) {
    constexpr long block = 2 * Lanes;
    for (long o = first; o < last; o += Lanes) {
        float* to = packed + o / block * block * plan.inChannels + o % block;
        for (long begin = 0; begin < plan.inChannels; begin += kDepth) {
            const long end = plan.inChannels - begin < kDepth ? plan.inChannels : begin + kDepth;
            packKernels<Lanes>(plan, kernels, o, begin, end, to + begin * block, plan.paddedOut * plan.inChannels);
        }
    }
}

template <int Lanes, int Rows>
void runTiles(const Plan& plan, const Picture& picture, const float* packed, long first, long count, float* scratch,
              const Output& out) {
    float* products = scratch + kPoints * planeOf(count, roundUp<Lanes>(plan.inChannels));
    readTiles<Lanes>(plan, picture, first, count, 0, count, scratch);
    multiply<Lanes, Rows>(plan, packed, scratch, count, products);
    writeTiles<Lanes>(plan, products, plan.paddedOut, 0, first, count, out);
}

template <int Lanes, int Rows>
void runColumns(const Plan& plan, const float* values, const Kernels& kernels, long column, long first, long count,
                float* scratch, const Output& out) {
    constexpr long block = 2 * Lanes;
    const long plane = planeOf(count, roundUp<Lanes>(plan.inChannels));
    float* products = scratch + kPoints * kDepth * block;
    for (long begin = 0; begin < plan.inChannels; begin += kDepth) {
        const long end = plan.inChannels - begin < kDepth ? plan.inChannels : begin + kDepth;
        for (long half = 0; half < block; half += Lanes)
            packKernels<Lanes>(plan, kernels, column + half, begin, end, scratch + half, kDepth * block);
        for (int p = 0; p < kPoints; ++p)
            if (!vanishes(plan, p))
                multiplyRows<Lanes, Rows>(count, values + p * plane + begin * count, count * Lanes,
                                          scratch + p * kDepth * block, end - begin, products + p * planeOf(count, block),
                                          block, begin > 0);
    }
    writeTiles<Lanes>(plan, products, block, column, first, count, out);
}

template <int Lanes, int Rows>
constexpr Backend makeBackend() {
    return {2 * Lanes, packWeights<Lanes>, runTiles<Lanes, Rows>, readTiles<Lanes>, runColumns<Lanes, Rows>,
            readSeen<Lanes>, readWorth<Lanes>, foldKernels<Lanes>};
}

} // namespace
} // namespace ochre::nn::winograd
