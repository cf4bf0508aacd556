// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Vision.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "core/tensor/Runtime.h"
#include "core/tensor/TokenOps.h"

namespace ochre::nn {
namespace {

/// Numbers of the bias that lie in memory at a time: 4 MiB, which stay in a core's cache until they are added.
constexpr std::int64_t kBiasNumbers = std::int64_t{1} << 20;

constexpr double kPeriod = 10000, kTiny = 1e-6; // of sine positions

std::int64_t upTo(std::int64_t length, std::int64_t side) {
    return (length + side - 1) / side * side;
}

} // namespace

Conv2d foldedConv(const Weights& weights, const std::string& conv, const std::string& norm, double epsilon,
                  const Conv2dOptions& options) {
    const Tensor kernel = weights.tensor(conv + ".weight");
    const auto wide = [&](const std::string& name) { return weights.tensor(name).to(at::kDouble); };
    const Tensor scale = wide(norm + ".weight").div(wide(norm + ".running_var").add(epsilon).sqrt_()); // [out]
    Tensor shift = wide(norm + ".running_mean").neg_();
    if (weights.has(conv + ".bias")) shift.add_(wide(conv + ".bias"));
    shift.mul_(scale).add_(wide(norm + ".bias"));
    const Tensor folded = kernel.to(at::kDouble).mul_(scale.view({-1, 1, 1, 1}));
    return {folded.to(kernel.scalar_type()), shift.to(kernel.scalar_type()), options};
}

Tensor maxPool(const Tensor& x, int kernel, int stride, int padding) {
    return at::max_pool2d(x, {kernel, kernel}, {stride, stride}, {padding, padding});
}

Tensor splitWindows(const Tensor& x, std::int64_t side) {
    const std::int64_t batch = x.size(0), channels = x.size(3);
    const std::int64_t height = upTo(x.size(1), side), width = upTo(x.size(2), side);
    const bool fits = height == x.size(1) && width == x.size(2);
    const Tensor whole = fits ? x : at::constant_pad_nd(x, {0, 0, 0, width - x.size(2), 0, height - x.size(1)});
    return whole.view({batch, height / side, side, width / side, side, channels})
        .transpose(2, 3)
        .reshape({-1, side * side, channels});
}

Tensor joinWindows(const Tensor& windows, std::int64_t side, std::int64_t height, std::int64_t width) {
    const std::int64_t down = upTo(height, side) / side, across = upTo(width, side) / side, channels = windows.size(2);
    return windows.view({-1, down, across, side, side, channels})
        .transpose(2, 3)
        .reshape({-1, down * side, across * side, channels})
        .narrow(1, 0, height)
        .narrow(2, 0, width);
}

Tensor attentionWithDistances(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, const Tensor& down,
                              const Tensor& across) {
    const std::int64_t batch = q.size(0), tokens = q.size(1), width = across.size(0), height = down.size(0);
    const auto split = [&](const Tensor& x) {
        return x.view({batch, x.size(1), heads, x.size(2) / heads}).transpose(1, 2); // [N, heads, T, D]
    };
    const Tensor queries = split(q), keys = split(k), values = split(v);
    if (q.is_cpu() && q.scalar_type() == at::kBFloat16 && tensor::cpuFeatures().avx512Bf16) {
        const Tensor pixels = queries.unflatten(2, {height, width}); // [N, heads, y, x, D]
        const Tensor byRow = at::matmul(pixels, down.transpose(1, 2));
        const Tensor byColumn = at::matmul(pixels.transpose(2, 3), across.transpose(1, 2)).transpose(2, 3);
        const auto wide = [](const Tensor& x) { return x.to(at::kFloat).contiguous().flatten(2, 3); }; // [N, heads, T, …]
        const double scale = 1 / std::sqrt(static_cast<double>(q.size(2) / heads));
        const Tensor fused = fusedAttention(q, k, v, heads, scale, {wide(byRow), wide(byColumn)});
        if (fused.defined()) return fused;
    }
    Tensor out = at::empty({batch, tokens, heads, values.size(3)}, v.options());
    const Tensor target = out.transpose(1, 2); // [N, heads, T, D]
    // Pieces of whole rows of the picture, of one sample's one head where these are many, else of several heads.
    const std::int64_t rows = std::clamp<std::int64_t>(kBiasNumbers / (width * tokens), 1, height);
    const std::int64_t tables = kBiasNumbers / (tokens * tokens);
    const std::int64_t together = rows < height ? 1 : std::clamp<std::int64_t>(tables, 1, heads);
    const std::int64_t samples = together < heads ? 1 : std::clamp<std::int64_t>(tables / heads, 1, batch);
    for (std::int64_t n = 0; n < batch; n += samples)
        for (std::int64_t h = 0; h < heads; h += together) {
            tensor::currentCancel().check();
            const auto part = [&](const Tensor& x) {
                return x.narrow(0, n, std::min(samples, batch - n)).narrow(1, h, std::min(together, heads - h));
            };
            const Tensor key = part(keys), value = part(values);
            for (std::int64_t y = 0; y < height; y += rows) {
                const std::int64_t count = std::min(rows, height - y);
                const Tensor query = part(queries).narrow(2, y * width, count * width);
                const Tensor pixels = query.unflatten(2, {count, width});                             // [N, heads, y, x, D]
                const Tensor byRow = at::matmul(pixels, down.narrow(0, y, count).transpose(1, 2));    // [N, heads, y, x, height]
                const Tensor byColumn = at::matmul(pixels.transpose(2, 3), across.transpose(1, 2)).transpose(2, 3);
                Tensor bias = at::empty({query.size(0), query.size(1), count, width, height, width}, q.options());
                at::add_out(bias, byRow.unsqueeze(-1), byColumn.unsqueeze(-2));
                target.narrow(0, n, query.size(0)).narrow(1, h, query.size(1)).narrow(2, y * width, count * width)
                    .copy_(at::scaled_dot_product_attention(query, key, value,
                                                            bias.view({query.size(0), query.size(1), count * width, tokens})));
            }
        }
    return out.flatten(2);
}

Tensor sinePositions(const Tensor& seen, std::int64_t channels) {
    const std::int64_t half = channels / 2;
    const Tensor steps = at::arange(half, at::TensorOptions().dtype(at::kFloat)).div(2, "floor");
    const Tensor periods = steps.mul(2 * std::log(kPeriod) / static_cast<double>(half)).exp_(); // [half]
    const auto along = [&](std::int64_t axis) {
        Tensor place = seen.to(at::kFloat).cumsum(axis);
        place = place.div(place.narrow(axis, place.size(axis) - 1, 1).add(kTiny)).mul_(2 * std::numbers::pi);
        const Tensor angle = place.unsqueeze(-1).div(periods).unflatten(3, {half / 2, 2}); // [N, h, w, half/2, 2]
        return at::cat({angle.select(4, 0).sin().unsqueeze(-1), angle.select(4, 1).cos().unsqueeze(-1)}, 4).flatten(3);
    };
    return at::cat({along(1), along(2)}, 3).flatten(1, 2);
}

} // namespace ochre::nn
