// SPDX-License-Identifier: GPL-3.0-or-later
// What networks that look at pictures have in common: batch normalisation folded away, pooling, windows, positions.
#pragma once

#include <string>
#include <utility>

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// A convolution and the batch normalisation behind it (arXiv 1502.03167) as one layer: "conv.weight" with or without
/// "conv.bias", and "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var" [out]. Multiplied out in float64.
Conv2d foldedConv(const Weights& weights, const std::string& conv, const std::string& norm, double epsilon,
                  const Conv2dOptions& options = {});

/// The largest of each kernel × kernel pixels, of which those beyond the edge do not count: [N, C, H, W] → [N, C, H', W'].
Tensor maxPool(const Tensor& x, int kernel, int stride, int padding);

/// [N, H, W, C] → [N·windows, side·side, C], row after row of windows; at the right and lower edge zeros fill them up.
Tensor splitWindows(const Tensor& x, std::int64_t side);
/// Back to [N, height, width, C]; what filled up is dropped.
Tensor joinWindows(const Tensor& windows, std::int64_t side, std::int64_t height, std::int64_t width);

/// Attention whose products are increased by what a query's distance from a key means to it, down and across (arXiv
/// 2112.01526, "decomposed relative positions"): product[q, k] += q · down[y(q), y(k)] + q · across[x(q), x(k)].
/// q, k, v [N, height·width, heads·D]; down [height, height, D], across [width, width, D]. The table of all products is
/// never whole in memory.
Tensor attentionWithDistances(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, const Tensor& down,
                              const Tensor& across);

/// Sines of places along both axes, counted over what is not 0 in `seen` [N, h, w]: float32 [N, h·w, channels], rows first.
/// Source: arXiv 2005.12872, facebookresearch/detr models/position_encoding.py.
Tensor sinePositions(const Tensor& seen, std::int64_t channels);

} // namespace ochre::nn
