// SPDX-License-Identifier: GPL-3.0-or-later
// Layers that stay as they are while something on top of them, or before them, learns.
#include <gtest/gtest.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Nn.h"
#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::tensor {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

constexpr double kScale = 0.5;

/// Frozen weights, and factors that learn.
class Adapted {
public:
    at::Tensor random(at::IntArrayRef shape, double spread = 0.2) { return nn::randn(shape, m_random).mul(spread); }

    Adapted& frozen(const std::string& name, at::IntArrayRef shape) {
        m_frozen[name] = random(shape);
        return *this;
    }
    Adapted& changed(const std::string& name, at::IntArrayRef down, at::IntArrayRef up) {
        m_factors[name + " down"] = random(down).requires_grad_();
        m_factors[name + " up"] = random(up).requires_grad_();
        m_names.push_back(name);
        return *this;
    }

    const Tensors& frozen() const { return m_frozen; }
    Weights weights(at::ScalarType type = at::kFloat) const {
        Tensors frozen = m_frozen;
        for (auto& [name, tensor] : frozen)
            if (tensor.dim() > 1) tensor = tensor.to(type);
        std::map<std::string, LowRank> changes;
        for (const std::string& name : m_names)
            changes[name] = {m_factors.at(name + " down"), m_factors.at(name + " up"), kScale};
        return Weights::of(frozen, "test", at::kFloat).changed(changes);
    }
    /// The same as whole matrices, which lead gradients to the factors.
    Weights whole() const {
        const Weights weights = this->weights();
        Tensors all;
        for (const auto& [name, tensor] : m_frozen) all[name] = weights.tensor(name);
        return Weights::of(all, "test");
    }
    Tensors gradients() {
        Tensors all;
        for (auto& [name, factor] : m_factors) {
            all[name] = factor.grad().clone();
            factor.mutable_grad().reset();
        }
        return all;
    }

private:
    at::Generator m_random = generator(11);
    Tensors m_frozen, m_factors;
    std::vector<std::string> m_names;
};

struct Learned {
    at::Tensor out;
    Tensors gradients; ///< of the factors, and of "x"
};

template <typename Make>
Learned learned(Adapted& adapted, const Weights& weights, const at::Tensor& input, const Make& make) {
    Learned result;
    learn({}, [&] {
        const at::Tensor x = input.detach().requires_grad_();
        result.out = make(weights)(x);
        result.out.square().sum().backward();
        result.gradients = adapted.gradients();
        result.gradients["x"] = x.grad();
    });
    return result;
}

void expectClose(const Learned& a, const Learned& b, double tolerance) {
    EXPECT_LT(nn::maxAbsDifference(a.out, b.out), tolerance * nn::maxAbs(b.out));
    ASSERT_EQ(a.gradients.size(), b.gradients.size());
    for (const auto& [name, gradient] : b.gradients) {
        EXPECT_GT(nn::maxAbs(gradient), 0) << name;
        EXPECT_LT(nn::maxAbsDifference(a.gradients.at(name), gradient), tolerance * nn::maxAbs(gradient)) << name;
    }
}

/// Learning with factors apart, with whole matrices, and not learning all compute the same.
template <typename Make>
void expectAsWhole(Adapted& adapted, const at::Tensor& x, const Make& make, double tolerance = 1e-5) {
    const Weights weights = adapted.weights();
    const Learned apart = learned(adapted, weights, x, make);
    learn({}, [&] { expectClose(apart, learned(adapted, adapted.whole(), x, make), tolerance); });
    at::Tensor used;
    run({}, [&] { used = make(weights)(x).clone(); });
    EXPECT_LT(nn::maxAbsDifference(used, apart.out.detach()), 1e-4 * nn::maxAbs(used));
    for (const auto& [name, tensor] : adapted.frozen()) EXPECT_FALSE(tensor.grad().defined()) << name;
}

TEST(LowRank, ALinearLayerHasTheGradientsOfTheWholeMatrix) {
    Adapted adapted;
    adapted.frozen("l.weight", {24, 16}).frozen("l.bias", {24}).changed("l.weight", {4, 16}, {24, 4});
    expectAsWhole(adapted, adapted.random({3, 7, 16}), [](const Weights& w) { return nn::Linear(w, "l"); });
}

TEST(LowRank, JoinedLayersOfWhichSomeAreChangedHaveTheGradientsOfTheWholeMatrices) {
    Adapted adapted;
    for (const char* name : {"q", "k", "v"})
        adapted.frozen(name + std::string(".weight"), {12, 16}).frozen(name + std::string(".bias"), {12});
    adapted.changed("q.weight", {4, 16}, {12, 4}).changed("v.weight", {2, 16}, {12, 2});
    const auto make = [](const Weights& w) { return nn::Linear::joined(w, {"q", "k", "v"}); };
    expectAsWhole(adapted, adapted.random({3, 7, 16}), make);
}

TEST(LowRank, AConvolutionOf1x1AsAMatrixIsChangedByKernels) {
    Adapted adapted;
    adapted.frozen("l.weight", {24, 16, 1, 1}).changed("l.weight", {4, 16, 1, 1}, {24, 4, 1, 1});
    expectAsWhole(adapted, adapted.random({3, 7, 16}), [](const Weights& w) { return nn::Linear(w, "l"); });
}

TEST(LowRank, AConvolutionHasTheGradientsOfTheWholeKernel) {
    Adapted adapted;
    adapted.frozen("c.weight", {24, 16, 3, 3}).frozen("c.bias", {24}).changed("c.weight", {4, 16, 3, 3}, {24, 4, 1, 1});
    const at::Tensor x = adapted.random({2, 16, 9, 10});
    for (const int stride : {1, 2})
        expectAsWhole(adapted, x, [&](const Weights& w) {
            return nn::Conv2d(w, "c", {.stride = stride, .activation = nn::Activation::silu()});
        });
}

TEST(LowRank, ALargeConvolutionByWinogradsAlgorithmHasThemToo) {
    Adapted adapted;
    adapted.frozen("c.weight", {64, 32, 3, 3}).frozen("c.bias", {64}).changed("c.weight", {4, 32, 3, 3}, {64, 4, 1, 1});
    expectAsWhole(adapted, adapted.random({2, 32, 32, 40}), [](const Weights& w) { return nn::Conv2d(w, "c"); }, 1e-4);
}

TEST(LowRank, FrozenWeightsOfHalfTheSizeGiveWhatTheirFloat32CopiesGive) {
    Adapted adapted;
    adapted.frozen("l.weight", {24, 16}).frozen("l.bias", {24}).changed("l.weight", {4, 16}, {24, 4});
    adapted.frozen("c.weight", {24, 16, 3, 3}).frozen("c.bias", {24});
    for (const at::ScalarType type : {at::kHalf, at::kBFloat16}) {
        const Weights half = adapted.weights(type);
        const auto converted = [&](const std::string& name) { return half.unchanged().tensor(name).to(at::kFloat); };
        const auto low = half.change("l.weight");
        const Weights full = Weights::of({{"l.weight", converted("l.weight")}, {"l.bias", half.tensor("l.bias")},
                                          {"c.weight", converted("c.weight")}, {"c.bias", half.tensor("c.bias")}}, "test")
                                 .changed({{"l.weight", *low}});
        ASSERT_EQ(half.unchanged().tensor("l.weight").scalar_type(), type);
        const auto linear = [](const Weights& w) { return nn::Linear(w, "l"); };
        const at::Tensor x = adapted.random({3, 7, 16});
        expectClose(learned(adapted, half, x, linear), learned(adapted, full, x, linear), 1e-6);
        const at::Tensor picture = adapted.random({1, 16, 8, 8});
        const auto conv = [&](const Weights& w) {
            at::Tensor gradient;
            learn({}, [&] {
                const at::Tensor in = picture.detach().requires_grad_();
                nn::Conv2d(w, "c")(in).square().sum().backward();
                gradient = in.grad();
            });
            return gradient;
        };
        EXPECT_LT(nn::maxAbsDifference(conv(half), conv(full)), 1e-5);
    }
}

TEST(LowRank, ChangesFollowNamesThroughViews) {
    Adapted adapted;
    adapted.frozen("a.b.weight", {8, 6}).changed("a.b.weight", {2, 6}, {8, 2});
    const Weights weights = adapted.weights();
    EXPECT_TRUE(weights.sub("a.").change("b.weight"));
    EXPECT_TRUE(weights.renamed({{"c.weight", "a.b.weight"}}).change("c.weight"));
    EXPECT_FALSE(weights.unchanged().change("a.b.weight"));
    EXPECT_GT(nn::maxAbsDifference(weights.tensor("a.b.weight").detach(), adapted.frozen().at("a.b.weight")), 0.01);
    EXPECT_TRUE(weights.unchanged().tensor("a.b.weight").is_same(adapted.frozen().at("a.b.weight")));
}

TEST(LowRank, FactorsThatDoNotFitAreSaid) {
    Adapted adapted;
    adapted.frozen("l.weight", {8, 6}).frozen("l.bias", {8}).frozen("g.weight", {8, 1, 3, 3});
    const Weights weights = adapted.weights();
    const auto change = [&](const std::string& name, at::IntArrayRef down, at::IntArrayRef up) {
        return weights.changed({{name, {adapted.random(down), adapted.random(up)}}});
    };
    test::expectError([&] { change("l.weight", {2, 5}, {8, 2}); }, "tensor \"l.weight\" is [8, 6], which no change of [8, 2] by [2, 5] fits");
    test::expectError([&] { change("l.weight", {2, 6}, {8, 3}); }, "which no change of [8, 3] by [2, 6] fits");
    test::expectError([&] { change("l.bias", {2, 6}, {8, 2}); }, "tensor \"l.bias\"");
    test::expectError([&] { change("m.weight", {2, 6}, {8, 2}); }, "has no tensor \"m.weight\"");
    const Weights grouped = change("g.weight", {2, 1, 3, 3}, {8, 2, 1, 1});
    learn({}, [&] { test::expectError([&] { nn::Conv2d(grouped, "g", {.groups = 8}); }, "takes no low-rank change"); });
}

} // namespace
} // namespace ochre::tensor
