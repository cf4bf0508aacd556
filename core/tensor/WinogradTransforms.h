// SPDX-License-Identifier: GPL-3.0-or-later
// The small matrices of Winograd's F(4×4, 3×3), for vectors of any width; only for WinogradKernel.h.
// Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308.
#pragma once

#include "core/tensor/Vector.h"
#include "core/tensor/Winograd.h"

namespace ochre::nn::winograd {
namespace {

constexpr int kPatch = kTile + 2, kPoints = kPatch * kPatch;

/// Bᵀ·d of six values that are `step` apart.
template <typename V>
inline void transformIn(const V* d, int step, V* out, int outStep) {
    const V d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const V even = d4 - 4 * d2, odd = d3 - 4 * d1, wideEven = d4 - d2, wideOdd = 2 * (d3 - d1);
    out[0] = 4 * d0 - 5 * d2 + d4;
    out[outStep] = even + odd;
    out[2 * outStep] = even - odd;
    out[3 * outStep] = wideEven + wideOdd;
    out[4 * outStep] = wideEven - wideOdd;
    out[5 * outStep] = 4 * d1 - 5 * d3 + d5;
}

/// Aᵀ·m: six values to four.
template <typename V>
inline void transformOut(const V* m, int step, V* out, int outStep) {
    const V m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step], m5 = m[5 * step];
    const V sum12 = m1 + m2, difference12 = m1 - m2, sum34 = m3 + m4, difference34 = m3 - m4;
    out[0] = m0 + sum12 + sum34;
    out[outStep] = difference12 + 2 * difference34;
    out[2 * outStep] = sum12 + 4 * sum34;
    out[3 * outStep] = difference12 + 8 * difference34 + m5;
}

/// G·g of three values that are `step` vectors apart.
template <typename V>
inline void transformKernel(const V* g, int step, V* out, int outStep) {
    const V g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const V outer = g0 + g2, wide = g0 * (1.0f / 24) + g2 * (1.0f / 6), middle = g1 * (1.0f / 12);
    out[0] = g0 * 0.25f;
    out[outStep] = (outer + g1) * (-1.0f / 6);
    out[2 * outStep] = (outer - g1) * (-1.0f / 6);
    out[3 * outStep] = wide + middle;
    out[4 * outStep] = wide - middle;
    out[5 * outStep] = g2;
}

/// A·y of four values: the transpose of transformOut.
template <typename V>
inline void transformResult(const V* y, int step, V* out, int outStep) {
    const V y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
    const V even = y0 + y2, odd = y1 + y3, wideEven = y0 + 4 * y2, wideOdd = 2 * y1 + 8 * y3;
    out[0] = y0;
    out[outStep] = even + odd;
    out[2 * outStep] = even - odd;
    out[3 * outStep] = wideEven + wideOdd;
    out[4 * outStep] = wideEven - wideOdd;
    out[5 * outStep] = y3;
}

/// Gᵀ·m of six values: the transpose of transformKernel.
template <typename V>
inline void transformKernelBack(const V* m, int step, V* out, int outStep) {
    const V m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step], m5 = m[5 * step];
    const V inner = (m1 + m2) * (1.0f / 6), wide = m3 + m4;
    out[0] = m0 * 0.25f - inner + wide * (1.0f / 24);
    out[outStep] = (m2 - m1) * (1.0f / 6) + (m3 - m4) * (1.0f / 12);
    out[2 * outStep] = wide * (1.0f / 6) - inner + m5;
}

} // namespace
} // namespace ochre::nn::winograd
