// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Learning.h"

#include <ATen/ops/group_norm.h>
#include <ATen/ops/silu.h>
#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"
#include "core/tensor/HalfConvert.h"
#include "core/tensor/LearningNorm.h"
#include "core/tensor/Norm.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/tensor/UpsampleConv.h"
#include "tests/support/Support.h"

namespace ochre::tensor {
namespace {

TEST(HalfConvert, EveryFloat16BecomesTheBfloat16ThatLibTorchMakesOfIt) {
    std::vector<std::uint16_t> halves(65536 + 5), results(halves.size());
    for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
    halfToBfloat16(halves.data(), static_cast<std::int64_t>(halves.size()), results.data());
    for (std::size_t i = 0; i < halves.size(); ++i) {
        const auto value = static_cast<float>(c10::Half(halves[i], c10::Half::from_bits()));
        if (std::isnan(value))
            EXPECT_EQ(results[i] & 0x7f80, 0x7f80) << i;
        else
            EXPECT_EQ(results[i], c10::BFloat16(value).x) << i;
        EXPECT_EQ(std::isnan(value), (results[i] & 0x7fff) > 0x7f80) << i;
    }
}

TEST(Weights, AFileWhosePagesWereGivenBackReadsAsBefore) {
    const test::TemporaryFolder folder;
    at::Generator random = generator(3);
    const at::Tensor values = nn::randn({300, 100}, random).to(at::kHalf);
    saveWeights(folder / "a.safetensors", {{"w", values}}, {});
    const Weights file = Weights::open(folder / "a.safetensors", {.floating = at::kBFloat16});
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(file.tensor("w").equal(values.to(at::kBFloat16)));
    EXPECT_TRUE(file.placed({.floating = at::kHalf}).tensor("w").equal(values));
}

TEST(Weights, OfThisProcessAreTheVeryTensors) {
    const at::Tensor value = nn::fromValues(std::vector<float>{1, 2}, {2});
    const Weights weights = Weights::of({{"a.b", value}}, "test");
    EXPECT_TRUE(weights.sub("a.").tensor("b").is_same(value));
    EXPECT_EQ(weights.shape("a.b"), Shape{2});
    test::expectError([&] { weights.tensor("c"); }, "test: has no tensor \"c\"");
    const at::Tensor half = weights.placed({.floating = at::kBFloat16}).tensor("a.b");
    EXPECT_EQ(half.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(half.to(at::kFloat).equal(value));
}

/// Random weights as leaves.
class Leaves {
public:
    Leaves& add(const std::string& name, at::IntArrayRef shape) {
        m_tensors[name] = nn::randn(shape, m_random).mul(0.2).detach().requires_grad_();
        return *this;
    }
    Weights weights() const { return Weights::of(m_tensors, "leaves"); }
    Weights still() const {
        auto copies = m_tensors;
        for (auto& [name, tensor] : copies) tensor = tensor.detach().clone();
        return Weights::of(copies, "copies");
    }
    const at::Tensor& at(const std::string& name) const { return m_tensors.at(name); }
    at::Tensor input(at::IntArrayRef shape) { return nn::randn(shape, m_random); }

private:
    at::Generator m_random = generator(7);
    std::map<std::string, at::Tensor> m_tensors;
};

/// The sum of squares of `make(weights)` of x, while learning; its gradient in `leaves`.
template <typename Layer, typename Make>
at::Tensor learned(const Leaves& leaves, const Make& make, const at::Tensor& x) {
    at::Tensor out;
    learn({}, [&] {
        const Layer layer = make(leaves.weights());
        out = layer(x);
        out.square().sum().backward();
    });
    return out.detach();
}

template <typename Layer, typename Make>
void expectSameAndDifferentiable(Leaves& leaves, const std::string& name, const Make& make, const at::Tensor& x) {
    const at::Tensor out = learned<Layer>(leaves, make, x);
    const auto plain = [&] {
        at::Tensor result;
        run({}, [&] { result = make(leaves.still())(x).clone(); });
        return result;
    };
    EXPECT_LT(nn::maxAbsDifference(out, plain()), 1e-4);
    // The gradient along itself, against a small move of the weight.
    at::Tensor weight = leaves.at(name);
    const at::Tensor gradient = weight.grad().clone();
    const double length = gradient.norm().item<double>(), move = 1e-3;
    const auto value = [&] { return plain().to(at::kDouble).square().sum().template item<double>(); };
    const at::Tensor before = weight.detach().clone();
    weight.detach().copy_(before.add(gradient, move / length));
    const double above = value();
    weight.detach().copy_(before.sub(gradient, move / length));
    const double below = value();
    weight.detach().copy_(before);
    EXPECT_NEAR((above - below) / (2 * move), length, 0.02 * length) << name;
}

TEST(Learning, ConvolutionsComputeTheSameAndHaveGradients) {
    Leaves leaves;
    leaves.add("c.weight", {64, 32, 3, 3}).add("c.bias", {64});
    const at::Tensor x = leaves.input({2, 32, 24, 20}).contiguous(at::MemoryFormat::ChannelsLast);
    const auto make = [](const Weights& w) { return nn::Conv2d(w, "c", {.activation = nn::Activation::silu()}); };
    expectSameAndDifferentiable<nn::Conv2d>(leaves, "c.weight", make, x);
}

TEST(Learning, UpsamplingConvolutionsComputeTheSameAndHaveGradients) {
    Leaves leaves;
    leaves.add("c.weight", {32, 32, 3, 3}).add("c.bias", {32});
    const auto make = [](const Weights& w) { return nn::UpsampleConv2d(w, "c"); };
    expectSameAndDifferentiable<nn::UpsampleConv2d>(leaves, "c.weight", make, leaves.input({1, 32, 8, 12}));
}

TEST(Learning, JoinedLayersComputeTheSameAndHaveGradients) {
    Leaves leaves;
    leaves.add("q.weight", {16, 24}).add("k.weight", {16, 24}).add("q.bias", {16}).add("k.bias", {16});
    const auto make = [](const Weights& w) { return nn::Linear::joined(w, {"q", "k"}); };
    for (const char* name : {"q.weight", "k.weight", "k.bias"}) {
        expectSameAndDifferentiable<nn::Linear>(leaves, name, make, leaves.input({3, 5, 24}));
        for (const char* each : {"q.weight", "k.weight", "q.bias", "k.bias"}) leaves.at(each).mutable_grad().reset();
    }
}

TEST(Learning, NormsComputeTheSameAndHaveGradients) {
    Leaves leaves;
    leaves.add("n.weight", {64}).add("n.bias", {64});
    const at::Tensor x = leaves.input({2, 64, 6, 6}).contiguous(at::MemoryFormat::ChannelsLast);
    expectSameAndDifferentiable<nn::GroupNorm>(leaves, "n.weight", [](const Weights& w) { return nn::GroupNorm(w, "n"); }, x);
}

/// Result and gradients of a norm of pictures of 64 channels in 16 groups, against those in double.
void expectNormInDouble(at::ScalarType type, bool silu, double tolerance) {
    at::Generator random = generator(5);
    const auto leaf = [](const at::Tensor& x) { return x.detach().requires_grad_(); };
    const at::Tensor picture = nn::randn({3, 64, 9, 11}, random).mul(2).add(3).to(type), worth = nn::randn({3, 64, 9, 11}, random);
    const at::Tensor scale = nn::randn({64}, random).to(type), shift = nn::randn({64}, random).to(type);
    const at::Tensor x = leaf(nn::channelsLast(picture)), w = leaf(scale), b = leaf(shift);
    const at::Tensor exactX = leaf(picture.to(at::kDouble)), exactW = leaf(scale.to(at::kDouble)), exactB = leaf(shift.to(at::kDouble));
    learn({}, [&] {
        const at::Tensor seen = nn::normLearning(x, w, b, {.groups = 16, .epsilon = 1e-5, .silu = silu});
        const at::Tensor norm = at::group_norm(exactX, 16, exactW, exactB, 1e-5), exact = silu ? at::silu(norm) : norm;
        EXPECT_LT(nn::maxAbsDifference(seen, exact) / nn::maxAbs(exact), tolerance);
        seen.mul(worth.to(type)).sum().backward();
        exact.mul(worth.to(type).to(at::kDouble)).sum().backward();
    });
    for (const auto& [seen, exact] : {std::pair{x, exactX}, {w, exactW}, {b, exactB}})
        EXPECT_LT(nn::maxAbsDifference(seen.grad(), exact.grad()) / nn::maxAbs(exact.grad()), tolerance);
}

TEST(Learning, NormsAndTheirGradientsAreThoseInDouble) {
    for (const bool silu : {false, true}) {
        expectNormInDouble(at::kFloat, silu, 1e-5);
        expectNormInDouble(at::kBFloat16, silu, 1e-2);
    }
}

TEST(Learning, AttentionComputesTheSame) {
    Leaves leaves;
    const at::Tensor q = leaves.input({2, 400, 64}), k = leaves.input({2, 30, 64}), v = leaves.input({2, 30, 64});
    for (const bool causal : {false, true}) {
        at::Tensor slow, fast;
        const nn::AttentionOptions options{.causal = causal};
        learn({}, [&] { slow = nn::attention(q, k, v, 4, options); });
        run({}, [&] { fast = nn::attention(q, k, v, 4, options).clone(); });
        EXPECT_LT(nn::maxAbsDifference(slow, fast), 1e-4);
    }
}

TEST(Learning, EndsWhereRunBegins) {
    EXPECT_FALSE(learning());
    learn({}, [] {
        EXPECT_TRUE(learning());
        run({}, [] { EXPECT_FALSE(learning()); });
        EXPECT_TRUE(learning());
    });
    EXPECT_FALSE(learning());
}

} // namespace
} // namespace ochre::tensor
