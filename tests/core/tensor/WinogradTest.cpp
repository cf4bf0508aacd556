// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/WinogradConv.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "core/tensor/Learning.h"
#include "core/tensor/LearningConv.h"
#include "core/tensor/Runtime.h"

namespace ochre::nn {
namespace {

Tensor noise(std::vector<std::int64_t> sides, std::uint64_t seed) {
    return at::randn(sides, tensor::generator(seed), at::TensorOptions().dtype(at::kFloat));
}

/// Largest difference from the sum in double, against the largest sum.
double relativeError(std::int64_t in, std::int64_t out, std::int64_t height, std::int64_t width, int pad,
                     const Activation& activation = {}, std::int64_t batch = 1) {
    const Tensor weight = noise({out, in, 3, 3}, 1), bias = noise({out}, 2);
    const Tensor x = channelsLast(noise({batch, in, height, width}, 3));
    Conv2dOptions options;
    options.padding = pad;
    options.activation = activation;
    const auto conv = WinogradConv::make(weight, bias, options);
    if (!conv) return -1;
    const Tensor exact =
        activate(at::conv2d(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), 1, pad), activation);
    Tensor seen;
    tensor::run({}, [&] { seen = (*conv)(x, pad); });
    EXPECT_EQ(seen.sizes(), exact.sizes());
    return maxAbsDifference(seen, exact) / maxAbs(exact);
}

class Winograd : public testing::Test {
protected:
    void SetUp() override {
        if (!tensor::cpuFeatures().avx2) GTEST_SKIP() << "no AVX2 here: the plain convolution is used";
        tensor::useThreads();
    }
};

TEST_F(Winograd, EqualsTheConvolutionForAnySizeAndPadding) {
    for (const auto& [in, out, height, width] :
         {std::tuple{16, 16, 4, 4}, {16, 32, 1, 1}, {64, 48, 37, 53}, {19, 23, 9, 2}, {192, 32, 16, 21}, {40, 100, 6, 130}})
        for (const int pad : {0, 1, 2}) {
            if (height + 2 * pad < 3 || width + 2 * pad < 3) continue;
            EXPECT_LT(relativeError(in, out, height, width, pad), 3e-5)
                << in << "->" << out << " " << width << "x" << height << " padded by " << pad;
        }
}

TEST_F(Winograd, AppliesEveryActivation) {
    for (const Activation& activation : {Activation::relu(), Activation::leakyRelu(0.2), Activation{Activation::Kind::Silu}})
        EXPECT_LT(relativeError(32, 32, 20, 20, 1, activation), 3e-5);
}

TEST_F(Winograd, TakesLargeWeightsAndBatches) {
    EXPECT_LT(relativeError(320, 320, 24, 20, 1, {}, 2), 3e-5); // 14 MB packed
}

TEST_F(Winograd, TakesManyChannelsOfSmallPictures) {
    EXPECT_LT(relativeError(160, 100, 8, 8, 1, {}, 2), 3e-5); // packed column by column
    EXPECT_LT(relativeError(650, 330, 9, 14, 1, Activation::leakyRelu(0.2)), 3e-5);
}

TEST_F(Winograd, TakesThousandsOfTilesOfManyChannels) {
    EXPECT_LT(relativeError(160, 100, 256, 258, 1), 3e-5); // packed once for all
}

TEST_F(Winograd, WorksOnSomeChannelsOfWiderPictures) {
    const Conv2d conv(noise({24, 40, 3, 3}, 1), noise({24}, 2), {.activation = Activation::leakyRelu(0.2)});
    const Conv2d plain(noise({24, 40, 3, 3}, 1), noise({24}, 2));
    for (const std::int64_t side : {7, 33}) { // too small for it, and not
        const Tensor wide = channelsLast(noise({2, 100, side, side + 2}, 3));
        const Tensor x = narrow(wide, 1, 0, 40), out = narrow(wide, 1, 40, 24), base = narrow(wide, 1, 70, 24);
        const Tensor before = wide.clone();
        tensor::run({}, [&] {
            const Tensor expected = conv(x.contiguous());
            conv.into(out, x);
            EXPECT_LT(maxAbsDifference(out, expected), 1e-5);
            const Tensor sum = base.add(plain(x.contiguous()), 0.25);
            plain.addInto(base, base, 0.25, x);
            EXPECT_LT(maxAbsDifference(base, sum), 1e-5);
        });
        EXPECT_EQ(maxAbsDifference(x, narrow(before, 1, 0, 40)), 0) << "the input";
        EXPECT_EQ(maxAbsDifference(narrow(wide, 1, 64, 6), narrow(before, 1, 64, 6)), 0) << "channels between";
    }
}

TEST_F(Winograd, LeavesOtherConvolutionsAlone) {
    const Tensor bias;
    Conv2dOptions strided;
    strided.padding = 1;
    strided.stride = 2;
    EXPECT_FALSE(WinogradConv::make(noise({32, 32, 3, 3}, 1), bias, strided));
    EXPECT_FALSE(WinogradConv::make(noise({32, 32, 1, 1}, 1), bias, {}));
    EXPECT_FALSE(WinogradConv::make(noise({32, 3, 3, 3}, 1), bias, {.padding = 1}));
    EXPECT_FALSE(WinogradConv::make(noise({32, 32, 3, 3}, 1).to(at::kBFloat16), bias, {.padding = 1}));
}

/// Gradients of picture, kernel and bias, each against those of the convolution in double.
void expectGradients(std::int64_t batch, std::int64_t in, std::int64_t out, std::int64_t height, std::int64_t width) {
    const auto leaf = [](const Tensor& x) { return x.detach().requires_grad_(); };
    const Tensor picture = channelsLast(noise({batch, in, height, width}, 3)), kernel = noise({out, in, 3, 3}, 1), bias = noise({out}, 2);
    const Tensor worth = noise({batch, out, height, width}, 4);
    const Tensor x = leaf(picture), w = leaf(kernel), b = leaf(bias);
    const Tensor exactX = leaf(picture.to(at::kDouble)), exactW = leaf(kernel.to(at::kDouble)), exactB = leaf(bias.to(at::kDouble));
    tensor::learn({}, [&] {
        ASSERT_TRUE(learnsByWinograd(x, w, {.padding = 1}));
        winogradLearning(x, w, b).mul(worth).sum().backward();
        at::conv2d(exactX, exactW, exactB, 1, 1).mul(worth.to(at::kDouble)).sum().backward();
    });
    for (const auto& [seen, exact] : {std::pair{x, exactX}, {w, exactW}, {b, exactB}}) {
        ASSERT_EQ(seen.grad().sizes(), exact.grad().sizes());
        EXPECT_LT(maxAbsDifference(seen.grad(), exact.grad()) / maxAbs(exact.grad()), 3e-5)
            << batch << "x" << in << "->" << out << " " << width << "x" << height;
    }
}

TEST_F(Winograd, GradientsAreThoseOfTheConvolution) {
    expectGradients(4, 64, 32, 16, 16);
    expectGradients(1, 32, 96, 37, 41);   // the last tiles reach over the edge
    expectGradients(16, 32, 32, 8, 8);
    expectGradients(2, 256, 256, 64, 64); // more tiles than fit at a time
}

TEST_F(Winograd, LearnsOnlyWhatSuitsIt) {
    const Tensor x = channelsLast(noise({4, 64, 16, 16}, 3)), weight = noise({64, 64, 3, 3}, 1);
    EXPECT_TRUE(learnsByWinograd(x, weight, {.padding = 1}));
    EXPECT_FALSE(learnsByWinograd(x, weight, {.stride = 2, .padding = 1}));
    EXPECT_FALSE(learnsByWinograd(x, weight, {.padding = 0}));
    EXPECT_FALSE(learnsByWinograd(x.to(at::kBFloat16), weight.to(at::kBFloat16), {.padding = 1}));
    EXPECT_FALSE(learnsByWinograd(x, noise({8, 64, 3, 3}, 1), {.padding = 1}));
    EXPECT_FALSE(learnsByWinograd(x, noise({64, 64, 1, 1}, 1), {.padding = 1}));
    EXPECT_FALSE(learnsByWinograd(channelsLast(noise({1, 64, 8, 8}, 3)), weight, {.padding = 1}));
}

} // namespace
} // namespace ochre::nn
