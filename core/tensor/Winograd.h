// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's convolution F(4×4, 3×3) in float32: 3×3 kernels at stride 1 with a quarter of the multiplications. Plain
// data and kernels for two generations of processors; Conv2d decides when to use them.
#pragma once

namespace ochre::nn::winograd {

constexpr int kTile = 4;           ///< a tile of the result is kTile × kTile pixels
constexpr long kPlanePadding = 16; ///< floats after the values of each of the 36 points

struct Picture {
    const float* data; ///< channels next to each other
    long height, width, rowStride, pixelStride; ///< as they lie in memory
};

struct Kernels {
    const float* data; ///< [out, in, 3, 3], any strides
    long outStride, inStride, rowStride, columnStride;
};

struct Output {
    float* data; ///< channels next to each other
    long height, width, rowStride, pixelStride;
    const float* bias; ///< null: none
    bool leaky;        ///< negative values are multiplied by `slope`
    float slope;
    bool add; ///< to what is there
};

struct Plan {
    long inChannels, outChannels, paddedOut; ///< paddedOut: outChannels up to the next multiple of `Backend::block`
    long tilesX, tilesY;                     ///< of one picture
    long padRows, padColumns; ///< zeros above and below the picture, and on its sides; negative: what is left out there
    bool doubled = false;     ///< each pixel of the picture stands for 2 × 2; paddings are odd
};

/// One generation of processors.
struct Backend {
    long block; ///< columns that are multiplied together
    /// packed [36][paddedOut/block][inChannels][block], of output channels `first` to `last`: multiples of block,
    /// up to paddedOut.
    void (*packWeights)(const Plan&, const Kernels&, long first, long last, float* packed);
    /// Tiles `first` … `first + count − 1`, counted row by row. scratch:
    /// 36·(count·(inChannels + paddedOut) + 2·kPlanePadding) floats.
    void (*run)(const Plan&, const Picture&, const float* packed, long first, long count, float* scratch, const Output&);
};

extern const Backend kAvx2, kAvx512;

} // namespace ochre::nn::winograd
