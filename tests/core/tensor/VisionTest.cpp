// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Vision.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"

namespace ochre::nn {
namespace {

Tensor waves(at::IntArrayRef shape, double step, double base = 0) {
    std::int64_t count = 1;
    for (const std::int64_t side : shape) count *= side;
    return range(0, count).to(at::kDouble).mul(step).sin_().add_(base).to(at::kFloat).view(shape);
}

TEST(Vision, AFoldedConvolutionIsTheConvolutionAndThenTheNorm) {
    const Tensor norm = waves({5}, 1.3), bias = waves({5}, 0.4), mean = waves({5}, 2.1), variance = waves({5}, 0.9, 1.5);
    const Weights weights = Weights::of({{"c.weight", waves({5, 3, 3, 3}, 0.7)}, {"c.bias", waves({5}, 3.1)}, {"n.weight", norm},
                                         {"n.bias", bias}, {"n.running_mean", mean}, {"n.running_var", variance}}, "test");
    const Tensor x = waves({2, 3, 7, 6}, 0.31);
    const auto along = [](const Tensor& v) { return v.view({1, 5, 1, 1}); };
    const Tensor plain = Conv2d(weights, "c", {.stride = 2})(x);
    const Tensor expected =
        plain.sub(along(mean)).div(along(variance).add(1e-3).sqrt()).mul(along(norm)).add(along(bias)).relu();
    const Tensor seen = foldedConv(weights, "c", "n", 1e-3, {.stride = 2, .activation = Activation::relu()})(x);
    EXPECT_LT(maxAbsDifference(seen, expected), 1e-5);
}

TEST(Vision, WindowsGoBackToWhereTheyWere) {
    const Tensor x = waves({2, 5, 7, 3}, 0.37, 2);
    const Tensor windows = splitWindows(x, 4);
    EXPECT_EQ(windows.sizes(), at::IntArrayRef({2 * 2 * 2, 16, 3}));
    EXPECT_EQ(maxAbsDifference(windows.select(0, 0).narrow(0, 4, 4), x.select(0, 0).select(0, 1).narrow(0, 0, 4)), 0)
        << "a window's second row";
    EXPECT_EQ(maxAbs(windows.select(0, 1).view({4, 4, 3}).select(1, 3)), 0) << "beyond the right edge";
    EXPECT_EQ(maxAbsDifference(joinWindows(windows, 4, 5, 7), x), 0);
}

/// The table of all products, written out.
Tensor plainAttention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, const Tensor& down, const Tensor& across) {
    const std::int64_t h = down.size(0), w = across.size(0), width = q.size(2) / heads;
    Tensor out = v.clone();
    for (std::int64_t n = 0; n < q.size(0); ++n)
        for (std::int64_t head = 0; head < heads; ++head) {
            const auto of = [&](const Tensor& x) { return x.select(0, n).narrow(1, head * width, width); };
            const Tensor pixels = of(q).reshape({h, w, width});
            const Tensor rows = pixels.matmul(down.transpose(1, 2));                                          // [h, w, h]
            const Tensor columns = pixels.transpose(0, 1).matmul(across.transpose(1, 2)).transpose(0, 1);     // [h, w, w]
            const Tensor products = of(q).matmul(of(k).transpose(0, 1)).div(std::sqrt(static_cast<double>(width)))
                                        .add(rows.unsqueeze(-1).add(columns.unsqueeze(-2)).reshape({h * w, h * w}));
            of(out).copy_(softmax(products).matmul(of(v)));
        }
    return out;
}

TEST(Vision, AttentionWithDistancesIsThatOfTheWholeTable) {
    // Samples together; heads together; a head by itself, in rows.
    for (const auto& [batch, height, width] : {std::tuple{3, 4, 5}, {1, 24, 24}, {1, 40, 36}}) {
        const std::int64_t tokens = std::int64_t{height} * width, heads = 2, each = 8;
        const Tensor qkv = waves({batch, tokens, 3 * heads * each}, 0.613);
        const std::vector<Tensor> parts = qkv.chunk(3, -1);
        const Tensor down = waves({height, height, each}, 0.217), across = waves({width, width, each}, 0.391);
        const Tensor seen = attentionWithDistances(parts[0], parts[1], parts[2], heads, down, across);
        EXPECT_LT(maxAbsDifference(seen, plainAttention(parts[0], parts[1], parts[2], heads, down, across)), 2e-5) << tokens;
    }
}

TEST(Vision, AttentionWithDistancesInBfloat16IsThatButForRounding) {
    const std::int64_t heads = 2, each = 8;
    for (const auto& [height, width] : {std::pair{14, 14}, {9, 20}}) {
        const std::int64_t tokens = std::int64_t{height} * width;
        const Tensor qkv = waves({2, tokens, 3 * heads * each}, 0.613).to(at::kBFloat16);
        const std::vector<Tensor> parts = qkv.chunk(3, -1);
        const Tensor down = waves({height, height, each}, 0.217).to(at::kBFloat16),
                     across = waves({width, width, each}, 0.391).to(at::kBFloat16);
        const auto wide = [](const Tensor& x) { return x.to(at::kFloat); };
        const Tensor exact = plainAttention(wide(parts[0]), wide(parts[1]), wide(parts[2]), heads, wide(down), wide(across));
        const Tensor seen = attentionWithDistances(parts[0], parts[1], parts[2], heads, down, across);
        EXPECT_LT(maxAbsDifference(seen, exact) / maxAbs(exact), 1.5e-2) << height << " x " << width;
    }
}

TEST(Vision, PoolingTakesTheLargest) {
    const Tensor x = fromValues(std::vector<float>{-1, -2, -3, -4}, {1, 1, 2, 2});
    EXPECT_EQ(toValues(maxPool(x, 3, 1, 1)), (std::vector<float>{-1, -1, -1, -1})) << "zeros beyond the edge do not count";
}

} // namespace
} // namespace ochre::nn
