// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's convolution F(4×4, 3×3) of bfloat16 maps with products of 16-bit whole numbers, which processors with
// AVX-512 VNNI multiply as fast as bfloat16 and which keep 13 bits of the map and 11 or more of the weights, where
// bfloat16 keeps 8: the transforms magnify what is rounded away. Plain data; FixedConv decides when to use it.
#pragma once

#include <cstdint>

namespace ochre::nn::fixed {

constexpr int kTile = 4;               ///< a tile of the result is kTile × kTile pixels
constexpr int kPoints = 36;            ///< of a tile, once transformed
constexpr long kBlock = 32;            ///< output channels that are multiplied together
constexpr long kDepth = 512;           ///< input channels whose products are summed in whole numbers
constexpr long kLargestInput = 8191;   ///< of a map's whole numbers, of either sign
constexpr long kTilePadding = 32;      ///< values between two points' planes: not all on the same lines of the cache

struct Plan {
    long inChannels, outChannels; ///< multiples of 32
    long tilesX, tilesY;          ///< of one picture
    long pad;                     ///< columns of zeros on the sides
    long padRows;                 ///< rows of zeros above; negative: rows that are left out
    bool doubled = false;         ///< each pixel of the picture stands for 2 × 2
};

/// Pictures of one batch, channels next to each other; strides count values.
struct Picture {
    const std::uint16_t* data; ///< bfloat16
    long height, width, batchStride, rowStride, pixelStride;
};

struct Output {
    std::uint16_t* data; ///< bfloat16
    long height, width, batchStride, rowStride, pixelStride;
    const float* bias; ///< null: none
    bool add;          ///< to what is there
};

/// packed: whole numbers [36][out/32][in/2][32][2] and, for each of [36][out], what one of them stands for.
struct Packed {
    std::int16_t* values;
    float* units;
};

struct Kernels {
    const std::uint16_t* data; ///< bfloat16 [out, in, 3, 3], any strides
    long outStride, inStride, rowStride, columnStride;
};

/// Output channels first … last − 1, multiples of 32.
void packWeights(const Plan& plan, const Kernels& kernels, long first, long last, const Packed& packed);

/// Bytes of scratch for `count` tiles.
long scratchBytes(const Plan& plan, long count);
/// Tiles first … first + count − 1 of the batch, picture after picture and row by row. scratch: on a line of the cache.
void run(const Plan& plan, const Picture& picture, const Packed& packed, long first, long count, void* scratch,
         const Output& out);

} // namespace ochre::nn::fixed
