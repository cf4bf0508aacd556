// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's convolution F(4×4, 3×3) in float32: 3×3 kernels at stride 1 with a quarter of the multiplications. Plain
// data and kernels for two generations of processors; Conv2d decides when to use them.
#pragma once

namespace ochre::nn::winograd {

constexpr int kTile = 4;           ///< a tile of the result is kTile × kTile pixels
constexpr long kPlanePadding = 16; ///< floats after the values of each of the 36 points

/// One picture or several of one size.
struct Picture {
    const float* data; ///< channels next to each other
    long height, width, pictureStride, rowStride, pixelStride; ///< as they lie in memory
};

struct Kernels {
    const float* data; ///< [out, in, 3, 3], any strides
    long outStride, inStride, rowStride, columnStride;
};

struct Output {
    float* data; ///< channels next to each other
    long height, width, pictureStride, rowStride, pixelStride;
    const float* bias; ///< null: none
    bool leaky;        ///< negative values are multiplied by `slope`
    float slope;
    /// Where not null, the result is base + scale · what it would be; it may be `data`. Strides as for `data`.
    const float* base = nullptr;
    long basePictureStride = 0, baseRowStride = 0, basePixelStride = 0;
    float scale = 1;
};

struct Plan {
    long inChannels, outChannels, paddedOut; ///< paddedOut: outChannels up to the next multiple of `Backend::block`
    long tilesX, tilesY;                     ///< of one picture
    long padRows, padColumns; ///< zeros above and below the picture, and on its sides; negative: what is left out there
    bool doubled = false;     ///< each pixel of the picture stands for 2 × 2; paddings are odd
};

constexpr long kDepth = 32; ///< input channels whose weights runColumns packs at a time, so that they stay in the cache

/// One generation of processors. Tiles are counted row by row, picture by picture.
struct Backend {
    long block; ///< columns that are multiplied together
    /// packed [36][paddedOut/block][inChannels][block], of output channels `first` to `last`: multiples of block,
    /// up to paddedOut.
    void (*packWeights)(const Plan&, const Kernels&, long first, long last, float* packed);
    /// Tiles `first` … `first + count − 1` with packed weights, for layers of few channels. scratch:
    /// 36·(count·(paddedIn + paddedOut) + 2·kPlanePadding) floats, paddedIn a multiple of block.
    void (*run)(const Plan&, const Picture&, const float* packed, long first, long count, float* scratch, const Output&);
    /// The two halves of it for layers of many: tiles `from` … `to − 1` of those that `values`, 36·(count·paddedIn +
    /// kPlanePadding) floats, has room for,
    void (*read)(const Plan&, const Picture&, long first, long count, long from, long to, float* values);
    /// then the output channels `column` … `column + block − 1` of all of these. scratch: 36·(kDepth·block + count·block +
    /// kPlanePadding) floats.
    void (*runColumns)(const Plan&, const float* values, const Kernels&, long column, long first, long count,
                       float* scratch, const Output&);

    /// For the gradient of the kernels: what they were multiplied with, of the picture that was seen, and what the products
    /// were worth, of the gradient of the result. Tiles `from` … `to − 1` of values [36][count][channels], kPlanePadding
    /// floats between the points. Channels are multiples of `block`.
    void (*readSeen)(const Plan&, const Picture&, long first, long count, long from, long to, float* values);
    void (*readWorth)(const Plan&, const Picture&, long first, long count, long from, long to, float* values);
    /// Sums over all tiles of worth · seen, [36][out][in] → the gradient of the kernels of output channels `from` … `to − 1`,
    /// [out][3][3][in].
    void (*foldKernels)(const Plan&, const float* sums, long from, long to, float* gradient);
};

extern const Backend kAvx2, kAvx512;

} // namespace ochre::nn::winograd
