// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/SelectiveScan.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Recurrent.h"
#include "core/tensor/RmsNorm.h"
#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::nn {
namespace {

ScanInput randomInput(std::int64_t batch, std::int64_t tokens, std::int64_t channels, std::int64_t states, std::uint64_t seed = 1) {
    at::Generator random = tensor::generator(seed);
    return {.u = randn({batch, tokens, channels}, random),
            .delta = randn({batch, tokens, channels}, random).abs().mul(0.5),
            .a = randn({channels, states}, random).exp().neg(),
            .b = randn({batch, tokens, states}, random),
            .c = randn({batch, tokens, states}, random),
            .d = randn({channels}, random)};
}

/// The definition, number by number, in double.
std::vector<double> byDefinition(const ScanInput& in) {
    const auto u = toValues(in.u), delta = toValues(in.delta), a = toValues(in.a), b = toValues(in.b), c = toValues(in.c), d = toValues(in.d);
    const auto tokens = static_cast<std::size_t>(in.u.size(1)), channels = static_cast<std::size_t>(in.u.size(2));
    const auto states = static_cast<std::size_t>(in.a.size(1)), batch = static_cast<std::size_t>(in.u.size(0));
    std::vector<double> y(u.size());
    for (std::size_t n = 0; n < batch; ++n)
        for (std::size_t i = 0; i < channels; ++i) {
            std::vector<double> h(states);
            for (std::size_t t = 0; t < tokens; ++t) {
                const std::size_t at = (n * tokens + t) * channels + i, row = (n * tokens + t) * states;
                y[at] = static_cast<double>(d[i]) * u[at];
                for (std::size_t s = 0; s < states; ++s) {
                    h[s] = std::exp(static_cast<double>(delta[at]) * a[i * states + s]) * h[s] + static_cast<double>(delta[at]) * b[row + s] * u[at];
                    y[at] += c[row + s] * h[s];
                }
            }
        }
    return y;
}

double worst(const Tensor& seen, const std::vector<double>& expected) {
    const std::vector<float> values = toValues(seen);
    double most = 0;
    for (std::size_t i = 0; i < values.size(); ++i) most = std::max(most, std::abs(values[i] - expected[i]));
    return most;
}

TEST(SelectiveScan, IsItsDefinitionForWholeAndPartBlocksOfChannels) {
    for (const auto& [batch, tokens, channels, states] :
         {std::array<std::int64_t, 4>{1, 1, 1, 1}, {2, 7, 16, 4}, {3, 40, 37, 16}, {1, 9, 64, 5}}) {
        const ScanInput in = randomInput(batch, tokens, channels, states);
        Tensor out;
        tensor::run({}, [&] { out = selectiveScan(in).clone(); });
        EXPECT_LT(worst(out, byDefinition(in)), 5e-5) << tokens << " tokens, " << channels << " channels";
    }
}

TEST(SelectiveScan, LearningComputesTheSame) {
    const ScanInput in = randomInput(2, 23, 19, 8);
    Tensor used, learned;
    tensor::run({}, [&] { used = selectiveScan(in).clone(); });
    tensor::learn({}, [&] { learned = selectiveScan(in); });
    EXPECT_LT(maxAbsDifference(used, learned), 5e-5);
    // In views that are not contiguous, too: the first half of wider rows.
    Tensor viewed;
    tensor::run({}, [&] {
        ScanInput views = in;
        views.u = cat({in.u, in.delta}, 2).narrow(2, 0, 19);
        views.b = cat({in.b, in.c}, 2).narrow(2, 0, 8);
        viewed = selectiveScan(views).clone();
    });
    EXPECT_EQ(maxAbsDifference(used, viewed), 0);
}

/// Of a scan's sum of squares, by the names of ScanInput.
std::vector<Tensor> gradientsOf(const ScanInput& in, at::ScalarType type) {
    std::vector<Tensor> leaves;
    for (const Tensor& one : {in.u, in.delta, in.a, in.b, in.c, in.d}) leaves.push_back(one.to(type, false, true).requires_grad_());
    tensor::learn({}, [&] {
        selectiveScan({leaves[0], leaves[1], leaves[2], leaves[3], leaves[4], leaves[5]}).square().sum().backward();
    });
    for (Tensor& leaf : leaves) leaf = leaf.grad();
    return leaves;
}

TEST(SelectiveScan, TheKernelsGradientsAreThoseOfPlainOperations) {
    for (const std::int64_t channels : {16, 21, 3}) {
        const ScanInput in = randomInput(3, 17, channels, 5);
        const std::vector<Tensor> kernel = gradientsOf(in, at::kFloat), plain = gradientsOf(in, at::kDouble);
        for (std::size_t i = 0; i < kernel.size(); ++i) {
            ASSERT_EQ(kernel[i].sizes(), plain[i].sizes());
            EXPECT_LT(maxAbsDifference(kernel[i], plain[i]), 2e-5 * maxAbs(plain[i])) << "input " << i << ", " << channels << " channels";
        }
    }
}

TEST(SelectiveScan, StrongDecaysForgetAndGiveNoNan) {
    ScanInput in = randomInput(1, 12, 16, 4);
    in.a = in.a.mul(0).sub(1e6);
    tensor::run({}, [&] {
        const Tensor out = selectiveScan(in);
        const Tensor here = in.u.mul(in.delta.mul(in.b.mul(in.c).sum({2}, true)).add(in.d)); // of the token itself
        EXPECT_LT(maxAbsDifference(out, here), 1e-4);
    });
}

TEST(SelectiveScan, HalfTypesAreScannedInFloat) {
    const ScanInput in = randomInput(1, 30, 8, 4);
    tensor::run({}, [&] {
        const ScanInput half{in.u.to(at::kBFloat16), in.delta.to(at::kBFloat16), in.a, in.b.to(at::kBFloat16), in.c.to(at::kBFloat16), in.d};
        const Tensor out = selectiveScan(half);
        EXPECT_EQ(out.scalar_type(), at::kBFloat16);
        EXPECT_LT(maxAbsDifference(out, selectiveScan(in)), 0.05 * std::max(1.0, maxAbs(in.u) * 4));
    });
}

TEST(SelectiveScan, ShapesThatDoNotFitAreNamedAndCancelIsAsked) {
    ScanInput in = randomInput(1, 3, 4, 2);
    in.c = in.c.narrow(1, 0, 2);
    test::expectError([&] { selectiveScan(in); }, "c [1, 2, 2]");
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { tensor::run(cancel, [&] { selectiveScan(randomInput(1, 3, 4, 2)); }); }).cancelled());
}

TEST(CausalConv, LooksBackOnly) {
    at::Generator random = tensor::generator(3);
    const Tensor x = randn({1, 6, 2}, random), weight = randn({2, 3}, random), bias = randn({2}, random);
    const Tensor out = causalConv(x, weight, bias);
    for (std::int64_t t = 0; t < 6; ++t)
        for (std::int64_t c = 0; c < 2; ++c) {
            double expected = bias[c].item<double>();
            for (std::int64_t k = 0; k < 3; ++k)
                if (t + k - 2 >= 0) expected += weight[c][k].item<double>() * x[0][t + k - 2][c].item<double>();
            EXPECT_NEAR(out[0][t][c].item<double>(), expected, 1e-5);
        }
    test::expectError([&] { causalConv(x, weight.t(), bias); }, "does not fit");
}

TEST(RmsNorm, BringsTheMeanSquareToOne) {
    at::Generator random = tensor::generator(4);
    const Tensor x = randn({3, 8}, random).mul(5), weight = fromValues(std::vector<float>(8, 2.0f), {8});
    const RmsNorm norm(tensor::Weights::of({{"n.weight", weight}}, "test"), "n");
    for (const float square : toValues(norm(x).square().mean(1))) EXPECT_NEAR(square, 4, 1e-4);
    test::expectError([&] { RmsNorm(tensor::Weights::of({{"n.weight", x}}, "test"), "n"); }, "needs one dimension");
}

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

/// One layer of width 1 and hidden 1 over `xs`, all weights as given: [gate] of input, of state; biases.
std::vector<double> byHand(Recurrent::Kind kind, const std::vector<double>& wi, const std::vector<double>& wh, const std::vector<double>& bi,
                           const std::vector<double>& bh, const std::vector<float>& xs) {
    std::vector<double> outputs;
    double h = 0, cell = 0;
    for (const double x : xs) {
        const auto in = [&](std::size_t gate) { return wi[gate] * x + bi[gate]; };
        const auto back = [&](std::size_t gate) { return wh[gate] * h + bh[gate]; };
        if (kind == Recurrent::Kind::Lstm) { // input, forget, cell, output
            cell = sigmoid(in(1) + back(1)) * cell + sigmoid(in(0) + back(0)) * std::tanh(in(2) + back(2));
            h = sigmoid(in(3) + back(3)) * std::tanh(cell);
        } else { // reset, update, new
            const double r = sigmoid(in(0) + back(0)), z = sigmoid(in(1) + back(1)), n = std::tanh(in(2) + r * back(2));
            h = (1 - z) * n + z * h;
        }
        outputs.push_back(h);
    }
    return outputs;
}

TEST(Recurrent, LstmAndGruAreTheirFormulas) {
    at::Generator random = tensor::generator(6);
    const Tensor x = randn({1, 9, 1}, random);
    for (const Recurrent::Kind kind : {Recurrent::Kind::Lstm, Recurrent::Kind::Gru}) {
        const std::int64_t gates = gatesOf(kind);
        const Tensor wi = randn({gates, 1}, random), wh = randn({gates, 1}, random), bi = randn({gates}, random), bh = randn({gates}, random);
        const auto doubles = [](const Tensor& t) {
            const std::vector<float> values = toValues(t);
            return std::vector<double>(values.begin(), values.end());
        };
        const auto expected = byHand(kind, doubles(wi), doubles(wh), doubles(bi), doubles(bh), toValues(x));
        const auto weights = tensor::Weights::of({{"r.weight_ih_l0", wi}, {"r.weight_hh_l0", wh}, {"r.bias_ih_l0", bi}, {"r.bias_hh_l0", bh}}, "test");
        const Recurrent layer(weights, "r", kind, 1);
        tensor::run({}, [&] { EXPECT_LT(worst(layer(x), expected), 1e-5); });
        tensor::learn({}, [&] { EXPECT_LT(worst(layer(x).detach(), expected), 1e-5); });
    }
}

} // namespace
} // namespace ochre::nn
