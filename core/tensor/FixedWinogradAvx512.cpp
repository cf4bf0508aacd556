// SPDX-License-Identifier: GPL-3.0-or-later
// Interpolation points 0, ±2/3, ±3/2 and infinity, which magnify rounding less than half as much as the usual 0, ±1, ±2.
// Source of the algorithm: Lavin and Gray, arXiv 1509.09308; of the influence of points: Barabasz, Anderson, Soodhalter
// and Gregg, arXiv 1803.10986.
#include "core/tensor/FixedWinograd.h"

#include <immintrin.h>

namespace ochre::nn::fixed {
namespace {

using V = __m512;
using Whole = __m512i;

constexpr int kLanes = 16, kPatch = kTile + 2, kRows = 12;
constexpr float kA = 2.0f / 3, kB = 3.0f / 2;
constexpr float kA2 = kA * kA, kB2 = kB * kB;

inline V all(float v) {
    return _mm512_set1_ps(v);
}
inline V load(const std::uint16_t* p) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}
inline void store(std::uint16_t* p, V v) { // to the nearest, ties to even; NaN stays NaN
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
}
inline Whole sizeBits(V v) {
    return _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(0x7fffffff));
}
inline long planeOf(long count, long channels) {
    return count * channels + kTilePadding;
}

/// Bᵀ·d of six values that are `step` apart.
inline void transformIn(const V* d, int step, V* out, int outStep) {
    const V d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const V evenA = _mm512_fnmadd_ps(all(kB2), d2, d4), oddA = _mm512_fnmadd_ps(all(kB2), d1, d3);
    const V evenB = _mm512_fnmadd_ps(all(kA2), d2, d4), oddB = _mm512_fnmadd_ps(all(kA2), d1, d3);
    out[0] = _mm512_fnmadd_ps(all(kA2 + kB2), d2, _mm512_add_ps(d0, d4)); // kA · kB is 1
    out[outStep] = _mm512_fmadd_ps(all(kA), oddA, evenA);
    out[2 * outStep] = _mm512_fnmadd_ps(all(kA), oddA, evenA);
    out[3 * outStep] = _mm512_fmadd_ps(all(kB), oddB, evenB);
    out[4 * outStep] = _mm512_fnmadd_ps(all(kB), oddB, evenB);
    out[5 * outStep] = _mm512_fnmadd_ps(all(kA2 + kB2), d3, _mm512_add_ps(d1, d5));
}

/// Aᵀ·m: six values to four.
inline void transformOut(const V* m, int step, V* out, int outStep) {
    const V m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step];
    const V sumA = _mm512_add_ps(m1, m2), differenceA = _mm512_sub_ps(m1, m2);
    const V sumB = _mm512_add_ps(m3, m4), differenceB = _mm512_sub_ps(m3, m4);
    out[0] = _mm512_add_ps(m[0], _mm512_add_ps(sumA, sumB));
    out[outStep] = _mm512_fmadd_ps(all(kA), differenceA, _mm512_mul_ps(all(kB), differenceB));
    out[2 * outStep] = _mm512_fmadd_ps(all(kA2), sumA, _mm512_mul_ps(all(kB2), sumB));
    out[3 * outStep] = _mm512_fmadd_ps(all(kA2 * kA), differenceA,
                                       _mm512_fmadd_ps(all(kB2 * kB), differenceB, m[5 * step]));
}

/// G·g of three values that are `step` apart.
inline void transformKernel(const V* g, int step, V* out, int outStep) {
    constexpr float scaleA = 1 / (2 * kA2 * (kA2 - kB2)), scaleB = 1 / (2 * kB2 * (kB2 - kA2));
    const V g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const V evenA = _mm512_mul_ps(all(scaleA), _mm512_fmadd_ps(all(kA2), g2, g0));
    const V evenB = _mm512_mul_ps(all(scaleB), _mm512_fmadd_ps(all(kB2), g2, g0));
    out[0] = g0;
    out[outStep] = _mm512_fmadd_ps(all(kA * scaleA), g1, evenA);
    out[2 * outStep] = _mm512_fnmadd_ps(all(kA * scaleA), g1, evenA);
    out[3 * outStep] = _mm512_fmadd_ps(all(kB * scaleB), g1, evenB);
    out[4 * outStep] = _mm512_fnmadd_ps(all(kB * scaleB), g1, evenB);
    out[5 * outStep] = g2;
}

struct Scratch {
    std::int16_t* values; ///< [36][count][in]
    float* units;         ///< [36][count]
    float* products;      ///< [36][count][out]
    float* tile;          ///< [36][in]
};

struct Place {
    long batch, y, x;
};

Place placeOf(const Plan& plan, long tile) {
    const long perPicture = plan.tilesX * plan.tilesY, inside = tile % perPicture;
    return {tile / perPicture, inside / plan.tilesX * kTile, inside % plan.tilesX * kTile};
}

/// Where the 36 pixels under a tile lie; null: outside, where there are zeros.
void pixelsUnder(const Plan& plan, const Picture& x, const Place& place, const std::uint16_t** pixels) {
    const int shift = plan.doubled ? 1 : 0;
    const std::uint16_t* picture = x.data + place.batch * x.batchStride;
    for (long i = 0; i < kPatch; ++i)
        for (long j = 0; j < kPatch; ++j) {
            const long row = place.y - plan.padRows + i, column = place.x - plan.pad + j;
            const bool inside = row >= 0 && row < x.height << shift && column >= 0 && column < x.width << shift;
            pixels[i * kPatch + j] =
                inside ? picture + (row >> shift) * x.rowStride + (column >> shift) * x.pixelStride : nullptr;
        }
}

/// One tile → scratch.tile, and the largest size of each point as the bits of a float, in which NaN is above infinity.
void transformTile(const Plan& plan, const std::uint16_t* const* pixels, float* tile, Whole* largest) {
    for (int p = 0; p < kPoints; ++p) largest[p] = _mm512_setzero_si512();
    for (long c = 0; c < plan.inChannels; c += kLanes) {
        V patch[kPoints], half[kPoints];
        for (int p = 0; p < kPoints; ++p) patch[p] = pixels[p] ? load(pixels[p] + c) : _mm512_setzero_ps();
        for (int j = 0; j < kPatch; ++j) transformIn(patch + j, kPatch, half + j, kPatch);
        for (int i = 0; i < kPatch; ++i) transformIn(half + i * kPatch, 1, patch + i * kPatch, 1);
        for (int p = 0; p < kPoints; ++p) {
            _mm512_store_ps(tile + p * plan.inChannels + c, patch[p]);
            largest[p] = _mm512_max_epu32(largest[p], sizeBits(patch[p]));
        }
    }
}

void readTiles(const Plan& plan, const Picture& x, long first, long count, const Scratch& scratch) {
    const long plane = planeOf(count, plan.inChannels);
    for (long t = 0; t < count; ++t) {
        const std::uint16_t* pixels[kPoints];
        Whole largest[kPoints];
        pixelsUnder(plan, x, placeOf(plan, first + t), pixels);
        transformTile(plan, pixels, scratch.tile, largest);
        for (int p = 0; p < kPoints; ++p) {
            const auto bits = static_cast<int>(_mm512_reduce_max_epu32(largest[p]));
            const float most = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits)));
            scratch.units[p * count + t] = most / kLargestInput;
            // Sizes that would make the factor infinite are as good as 0.
            const V factor = all(most > 1e-30f ? kLargestInput / most : 0.0f);
            const float* from = scratch.tile + p * plan.inChannels;
            std::int16_t* to = scratch.values + p * plane + t * plan.inChannels;
            for (long c = 0; c < plan.inChannels; c += kLanes) {
                const Whole whole = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_load_ps(from + c), factor));
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + c), _mm512_cvtsepi32_epi16(whole));
            }
        }
    }
}

/// sum += a·b of each lane's two numbers. As assembly, since the compiler's own word for it keeps moving sums about.
inline void addProducts(Whole& sum, Whole a, Whole b) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
}

/// Rows × 32 columns of a product, summed in whole numbers over `depth` channels: a [Rows] rows `stride` apart,
/// b [depth/2][32][2].
template <int Rows>
void multiplyBlock(const std::int16_t* a, long stride, const std::int16_t* b, long depth, const float* rowUnits,
                   const float* columnUnits, float* c, long cStride, bool add) {
    Whole left[Rows], right[Rows];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) left[r] = right[r] = _mm512_setzero_si512();
    for (long k = 0; k < depth; k += 2, b += 2 * kBlock) {
        const Whole b0 = _mm512_loadu_si512(b), b1 = _mm512_loadu_si512(b + kBlock);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            int pair;
            __builtin_memcpy(&pair, a + r * stride + k, sizeof pair);
            const Whole v = _mm512_set1_epi32(pair);
            addProducts(left[r], v, b0);
            addProducts(right[r], v, b1);
        }
    }
    const V unit0 = _mm512_loadu_ps(columnUnits), unit1 = _mm512_loadu_ps(columnUnits + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        V v0 = _mm512_mul_ps(_mm512_cvtepi32_ps(left[r]), _mm512_mul_ps(all(rowUnits[r]), unit0));
        V v1 = _mm512_mul_ps(_mm512_cvtepi32_ps(right[r]), _mm512_mul_ps(all(rowUnits[r]), unit1));
        float* to = c + r * cStride;
        if (add) {
            v0 = _mm512_add_ps(v0, _mm512_load_ps(to));
            v1 = _mm512_add_ps(v1, _mm512_load_ps(to + kLanes));
        }
        _mm512_store_ps(to, v0);
        _mm512_store_ps(to + kLanes, v1);
    }
}

using Multiply = void (*)(const std::int16_t*, long, const std::int16_t*, long, const float*, const float*, float*, long,
                          bool);
constexpr Multiply kMultiply[kRows + 1] = {
    nullptr,           multiplyBlock<1>, multiplyBlock<2>, multiplyBlock<3>, multiplyBlock<4>,  multiplyBlock<5>, multiplyBlock<6>,
    multiplyBlock<7>, multiplyBlock<8>, multiplyBlock<9>, multiplyBlock<10>, multiplyBlock<11>, multiplyBlock<12>};

void multiply(const Plan& plan, const Packed& packed, long count, const Scratch& scratch) {
    const long depth = plan.inChannels, columns = plan.outChannels;
    for (int p = 0; p < kPoints; ++p)
        for (long column = 0; column < columns; column += kBlock)
            for (long from = 0; from < depth; from += kDepth) {
                const long part = depth - from < kDepth ? depth - from : kDepth;
                const std::int16_t* b = packed.values + (p * columns + column) * depth + from * kBlock;
                const std::int16_t* a = scratch.values + p * planeOf(count, depth) + from;
                float* c = scratch.products + p * planeOf(count, columns) + column;
                for (long row = 0; row < count; row += kRows)
                    kMultiply[count - row < kRows ? count - row : kRows](
                        a + row * depth, depth, b, part, scratch.units + p * count + row,
                        packed.units + p * columns + column, c + row * columns, columns, from > 0);
            }
}

void writeTiles(const Plan& plan, const float* products, long first, long count, const Output& out) {
    const long plane = planeOf(count, plan.outChannels);
    for (long t = 0; t < count; ++t) {
        const Place place = placeOf(plan, first + t);
        const long rows = out.height - place.y < kTile ? out.height - place.y : kTile;
        const long columns = out.width - place.x < kTile ? out.width - place.x : kTile;
        std::uint16_t* corner =
            out.data + place.batch * out.batchStride + place.y * out.rowStride + place.x * out.pixelStride;
        for (long c = 0; c < plan.outChannels; c += kLanes) {
            V m[kPoints], half[kTile * kPatch], y[kTile * kTile];
            for (int p = 0; p < kPoints; ++p) m[p] = _mm512_load_ps(products + p * plane + t * plan.outChannels + c);
            for (int j = 0; j < kPatch; ++j) transformOut(m + j, kPatch, half + j, kPatch);
            for (int i = 0; i < kTile; ++i) transformOut(half + i * kPatch, 1, y + i * kTile, 1);
            const V bias = out.bias ? _mm512_loadu_ps(out.bias + c) : _mm512_setzero_ps();
            for (long i = 0; i < rows; ++i)
                for (long j = 0; j < columns; ++j) {
                    std::uint16_t* to = corner + i * out.rowStride + j * out.pixelStride + c;
                    const V v = _mm512_add_ps(y[i * kTile + j], bias);
                    store(to, out.add ? _mm512_add_ps(v, load(to)) : v);
                }
        }
    }
}

long align(long bytes) {
    return (bytes + 63) / 64 * 64;
}

Scratch divide(const Plan& plan, long count, void* memory) {
    auto* at = static_cast<char*>(memory);
    const auto take = [&at](long bytes) {
        void* here = at;
        at += align(bytes);
        return here;
    };
    return {static_cast<std::int16_t*>(take(2 * kPoints * planeOf(count, plan.inChannels))),
            static_cast<float*>(take(4 * kPoints * count)),
            static_cast<float*>(take(4 * kPoints * planeOf(count, plan.outChannels))),
            static_cast<float*>(take(4 * kPoints * plan.inChannels))};
}

/// The 36 points of the kernels of 16 output channels from `o` on and input channel `i`, a channel a lane.
void transformKernels(const Kernels& kernels, long o, long i, V* points) {
    float taps[9][kLanes];
    for (long lane = 0; lane < kLanes; ++lane) {
        const std::uint16_t* k = kernels.data + (o + lane) * kernels.outStride + i * kernels.inStride;
        for (int r = 0; r < 3; ++r)
            for (int c = 0; c < 3; ++c) {
                const std::uint32_t bits = std::uint32_t{k[r * kernels.rowStride + c * kernels.columnStride]} << 16;
                __builtin_memcpy(&taps[3 * r + c][lane], &bits, sizeof bits);
            }
    }
    V kernel[9], half[kPatch * 3];
    for (int t = 0; t < 9; ++t) kernel[t] = _mm512_loadu_ps(taps[t]);
    for (int c = 0; c < 3; ++c) transformKernel(kernel + c, 3, half + c, 3);
    for (int r = 0; r < kPatch; ++r) transformKernel(half + 3 * r, 1, points + kPatch * r, 1);
}

} // namespace

void packWeights(const Plan& plan, const Kernels& kernels, long first, long last, const Packed& packed) {
    const long depth = plan.inChannels, columns = plan.outChannels;
    for (long o = first; o < last; o += kLanes) {
        V most[kPoints], sums[kPoints], largestSum[kPoints], factor[kPoints], points[kPoints];
        for (int p = 0; p < kPoints; ++p) most[p] = sums[p] = largestSum[p] = _mm512_setzero_ps();
        for (long i = 0; i < depth; ++i) {
            transformKernels(kernels, o, i, points);
            for (int p = 0; p < kPoints; ++p) {
                if (i % kDepth == 0) sums[p] = _mm512_setzero_ps();
                most[p] = _mm512_max_ps(most[p], _mm512_abs_ps(points[p]));
                sums[p] = _mm512_add_ps(sums[p], _mm512_abs_ps(points[p]));
                largestSum[p] = _mm512_max_ps(largestSum[p], sums[p]);
            }
        }
        // Neither a weight nor any sum of products may leave its range, whatever the map is.
        constexpr float kMostWeight = 32767, kMostSum = 2147480000.0f / kLargestInput;
        for (int p = 0; p < kPoints; ++p) {
            const V unit = _mm512_max_ps(_mm512_div_ps(most[p], all(kMostWeight)),
                                         _mm512_div_ps(largestSum[p], all(kMostSum - kDepth / 2)));
            _mm512_storeu_ps(packed.units + p * columns + o, unit);
            factor[p] = _mm512_maskz_div_ps(_mm512_cmp_ps_mask(unit, all(1e-30f), _CMP_GT_OQ), all(1.0f), unit);
        }
        for (long i = 0; i < depth; ++i) {
            transformKernels(kernels, o, i, points);
            for (int p = 0; p < kPoints; ++p) {
                std::int16_t whole[kLanes];
                const Whole rounded = _mm512_cvtps_epi32(_mm512_mul_ps(points[p], factor[p]));
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(whole), _mm512_cvtsepi32_epi16(rounded));
                std::int16_t* to = packed.values + (p * columns + o / kBlock * kBlock) * depth + i / 2 * (2 * kBlock) +
                                   o % kBlock * 2 + i % 2;
                for (int lane = 0; lane < kLanes; ++lane) to[2 * lane] = whole[lane];
            }
        }
    }
}

long scratchBytes(const Plan& plan, long count) {
    return align(2 * kPoints * planeOf(count, plan.inChannels)) + align(4 * kPoints * count) +
           align(4 * kPoints * planeOf(count, plan.outChannels)) + align(4 * kPoints * plan.inChannels);
}

void run(const Plan& plan, const Picture& picture, const Packed& packed, long first, long count, void* memory,
         const Output& out) {
    const Scratch scratch = divide(plan, count, memory);
    readTiles(plan, picture, first, count, scratch);
    multiply(plan, packed, count, scratch);
    writeTiles(plan, scratch.products, first, count, out);
}

} // namespace ochre::nn::fixed
