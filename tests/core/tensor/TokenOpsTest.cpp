// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/TokenOps.h"

#include <cmath>

#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>

#include "core/tensor/Attention.h"
#include "core/tensor/Norm.h"
#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::nn {
namespace {

Tensor noise(std::vector<std::int64_t> sides, std::uint64_t seed, at::ScalarType type = at::kFloat) {
    return at::randn(sides, tensor::generator(seed), at::TensorOptions().dtype(at::kFloat)).to(type);
}

/// In double, with the table of all products.
Tensor exactAttention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, double scale,
                      const Tensor& bias = {}) {
    const auto split = [heads](const Tensor& x) {
        return x.to(at::kDouble).reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
    };
    Tensor products = split(q).matmul(split(k).transpose(2, 3)).mul(scale);
    if (bias.defined()) products = products.add(bias);
    const Tensor weights = at::softmax(products, -1);
    return weights.matmul(split(v)).transpose(1, 2).reshape(q.sizes());
}

class FusedAttention : public testing::Test {
protected:
    void SetUp() override {
        if (!tensor::cpuFeatures().avx2) GTEST_SKIP() << "no AVX2 here: LibTorch's attention is used";
        tensor::useThreads();
    }
};

TEST_F(FusedAttention, EqualsTheDefinitionForAnyWidthAndLength) {
    for (const auto& [queries, keys, width, heads, batch] :
         {std::tuple{320, 320, 40, 2, 2}, {333, 77, 33, 3, 1}, {500, 241, 64, 1, 1}, {400, 1, 8, 2, 3}, {350, 481, 160, 1, 1},
          {321, 239, 1, 2, 1}, {330, 500, 256, 1, 1}}) {
        const Tensor q = noise({batch, queries, heads * width}, 1), k = noise({batch, keys, heads * width}, 2),
                     v = noise({batch, keys, heads * width}, 3);
        const double scale = 1 / std::sqrt(width);
        const Tensor seen = fusedAttention(q, k, v, heads, scale);
        ASSERT_TRUE(seen.defined());
        EXPECT_LT(maxAbsDifference(seen, exactAttention(q, k, v, heads, scale)), 1e-5)
            << queries << " queries, " << keys << " keys, " << heads << " heads of " << width;
    }
}

TEST_F(FusedAttention, InBfloat16EqualsTheDefinitionButForRounding) {
    if (!tensor::cpuFeatures().avx512Bf16) GTEST_SKIP() << "no AVX-512 BF16 here: LibTorch's attention is used";
    for (const auto& [queries, keys, width, heads, batch] :
         {std::tuple{320, 320, 40, 2, 2}, {333, 77, 34, 3, 1}, {100, 241, 64, 1, 1}, {64, 64, 160, 8, 2}, {400, 1, 8, 2, 3},
          {96, 481, 512, 1, 1}, {97, 239, 2, 2, 1}}) {
        const Tensor q = noise({batch, queries, heads * width}, 1, at::kBFloat16),
                     k = noise({batch, keys, heads * width}, 2, at::kBFloat16),
                     v = noise({batch, keys, heads * width}, 3, at::kBFloat16);
        const double scale = 2 / std::sqrt(width);
        const Tensor seen = fusedAttention(q, k, v, heads, scale), exact = exactAttention(q, k, v, heads, scale);
        ASSERT_TRUE(seen.defined());
        EXPECT_LT(maxAbsDifference(seen, exact) / maxAbs(exact), 6e-3)
            << queries << " queries, " << keys << " keys, " << heads << " heads of " << width;
    }
    const Tensor qkv = noise({2, 130, 3 * 64}, 4, at::kBFloat16);
    const Tensor q = qkv.narrow(2, 0, 64), k = qkv.narrow(2, 64, 64), v = qkv.narrow(2, 128, 64);
    EXPECT_EQ(maxAbsDifference(fusedAttention(q, k, v, 4, 0.25),
                               fusedAttention(q.contiguous(), k.contiguous(), v.contiguous(), 4, 0.25)),
              0);
}

TEST_F(FusedAttention, AddsABiasInBfloat16) {
    if (!tensor::cpuFeatures().avx512Bf16) GTEST_SKIP() << "no AVX-512 BF16 here: LibTorch's attention is used";
    for (const auto& [rows, across] : {std::pair{14, 14}, {5, 64}, {3, 101}, {40, 7}, {1, 64}}) {
        const std::int64_t batch = 2, heads = 3, width = 30, tokens = std::int64_t{rows} * across;
        const Tensor q = noise({batch, tokens, heads * width}, 1, at::kBFloat16),
                     k = noise({batch, tokens, heads * width}, 2, at::kBFloat16),
                     v = noise({batch, tokens, heads * width}, 3, at::kBFloat16);
        const TokenBias bias{rows > 1 ? noise({batch, heads, tokens, rows}, 4) : Tensor(),
                             noise({1, heads, tokens, across}, 5).expand({batch, heads, tokens, across})};
        Tensor whole = bias.across.unsqueeze(3);
        if (rows > 1) whole = whole.add(bias.down.unsqueeze(4));
        const Tensor exact = exactAttention(q, k, v, heads, 0.2, whole.flatten(3));
        const Tensor seen = fusedAttention(q, k, v, heads, 0.2, bias);
        ASSERT_TRUE(seen.defined());
        EXPECT_LT(maxAbsDifference(seen, exact) / maxAbs(exact), 6e-3) << rows << " rows of " << across;
    }
    const Tensor x = noise({1, 40, 16}, 6, at::kBFloat16); // the same for all keys: of no effect
    EXPECT_LT(maxAbsDifference(attention(x, x, x, 2, {.bias = noise({40, 1}, 7)}), attention(x, x, x, 2)), 2e-2);
}

TEST_F(FusedAttention, ReadsPartsOfAJoinedTensorInPlace) {
    const Tensor qkv = noise({2, 330, 3 * 64}, 4);
    const Tensor q = qkv.narrow(2, 0, 64), k = qkv.narrow(2, 64, 64), v = qkv.narrow(2, 128, 64);
    EXPECT_EQ(maxAbsDifference(fusedAttention(q, k, v, 4, 0.25),
                               fusedAttention(q.contiguous(), k.contiguous(), v.contiguous(), 4, 0.25)),
              0);
}

TEST_F(FusedAttention, HoldsLargeProductsAndTellsNotANumber) {
    const Tensor q = noise({1, 330, 16}, 5).mul_(300), k = noise({1, 300, 16}, 6), v = noise({1, 300, 16}, 7);
    EXPECT_LT(maxAbsDifference(fusedAttention(q, k, v, 1, 1), exactAttention(q, k, v, 1, 1)), 1e-3);
    q[0][7].fill_(std::nan(""));
    const Tensor seen = fusedAttention(q, k, v, 1, 1);
    EXPECT_TRUE(std::isnan(maxAbs(seen[0][7])));
    EXPECT_FALSE(std::isnan(maxAbs(seen[0][8])));
}

TEST_F(FusedAttention, LeavesOtherTensorsToLibTorch) {
    const Tensor x = noise({1, 330, 16}, 8);
    EXPECT_FALSE(fusedAttention(x.to(at::kHalf), x.to(at::kHalf), x.to(at::kHalf), 1, 1).defined());
    EXPECT_FALSE(fusedAttention(x.narrow(1, 0, 8), x, x, 1, 1).defined());
    const Tensor few = x.narrow(1, 0, 8);
    EXPECT_LT(maxAbsDifference(attention(few, x, x, 2), exactAttention(few, x, x, 2, 1 / std::sqrt(8.0))), 1e-5);
}

TEST_F(FusedAttention, StopsBetweenPieces) {
    const Cancel cancel = Cancel::make();
    cancel.request();
    const Tensor x = noise({1, 400, 16}, 9);
    EXPECT_TRUE(
        test::expectError([&] { tensor::run(cancel, [&] { fusedAttention(x, x, x, 1, 1); }); }).cancelled());
}

TEST(GatedGelu, EqualsTheDefinitionInBothTypes) {
    for (const std::int64_t width : {1, 7, 8, 40, 333})
        for (const auto type : {at::kFloat, at::kBFloat16}) {
            const Tensor x = noise({3, 50, 2 * width}, 10, type).mul(3), exact = x.to(at::kDouble);
            const Tensor wanted = at::gelu(exact.narrow(-1, width, width)).mul(exact.narrow(-1, 0, width));
            const double relative = type == at::kFloat ? 1e-6 : 1.0 / 256; // of a value; bfloat16 keeps 8 bits
            EXPECT_LT(maxAbsDifference(gatedGelu(x), wanted), relative * maxAbs(wanted) + 1e-6) << width;
        }
}

TEST(GatedGelu, TailsGoToZeroAndToTheValue) {
    for (const float gate : {-1e4f, -40.0f, -8.0f, 8.0f, 40.0f, 1e4f}) {
        const Tensor x = noise({1, 16}, 11).fill_(gate);
        x.narrow(1, 0, 8).fill_(1);
        EXPECT_NEAR(maxAbs(gatedGelu(x)), gate > 0 ? gate : 0, 1e-5) << gate;
    }
}

/// "n.weight" and "n.bias" of `channels`.
tensor::Weights normWeights(const Tensor& weight, const Tensor& bias, at::ScalarType type) {
    tensor::Checkpoint file;
    file.subject = "test";
    const auto add = [&file](const char* name, const Tensor& x) {
        file.tensors.push_back({name, tensor::Dtype::F32, x.sizes().vec(), {},
                                std::as_bytes(std::span(x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel()))), -1});
    };
    add("n.weight", weight);
    add("n.bias", bias);
    return tensor::Weights::from(std::move(file), {.floating = type});
}

TEST(GroupNorm, EqualsTheDefinitionWithAndWithoutActivation) {
    const Tensor weight = noise({96}, 12), bias = noise({96}, 13);
    for (const auto type : {at::kFloat, at::kBFloat16}) {
        const GroupNorm norm(normWeights(weight, bias, type), "n", 32, 1e-5);
        for (const auto& [height, width] : {std::pair{1, 1}, {5, 7}, {40, 33}}) {
            const Tensor x = noise({2, 96, height, width}, 14, type).add(3);
            const auto exact = [](const Tensor& t) { return t.to(at::kDouble); };
            const Tensor wanted = at::group_norm(exact(x), 32, exact(norm.weight()), exact(norm.bias()), 1e-5);
            const double tolerance = type == at::kFloat ? 2e-5 : 0.04; // half a step at 8
            EXPECT_LT(maxAbsDifference(norm(x), wanted), tolerance);
            EXPECT_LT(maxAbsDifference(norm(x, Activation::silu()), silu(wanted)), tolerance);
            EXPECT_LT(maxAbsDifference(norm(x, Activation::relu()), relu(wanted)), tolerance);
        }
    }
}

} // namespace
} // namespace ochre::nn
