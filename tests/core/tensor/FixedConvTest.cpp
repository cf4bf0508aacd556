// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/FixedConv.h"

#include <cmath>
#include <limits>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::nn {
namespace {

Tensor noise(std::vector<std::int64_t> sides, std::uint64_t seed) {
    return at::randn(sides, tensor::generator(seed), at::TensorOptions().dtype(at::kFloat)).to(at::kBFloat16);
}

Tensor exact(const Tensor& x, const Tensor& weight, const Tensor& bias, std::int64_t pad) {
    return at::conv2d(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), 1, pad);
}

double relativeError(const Tensor& seen, const Tensor& wanted) {
    return maxAbsDifference(seen, wanted) / maxAbs(wanted);
}

constexpr double kTolerance = 6e-3; // bfloat16 rounds the largest values by up to 2e-3 of themselves

class Fixed : public testing::Test {
protected:
    void SetUp() override {
        const tensor::CpuFeatures& cpu = tensor::cpuFeatures();
        if (!cpu.avx512Vnni || !cpu.avx512Bf16 || cpu.amxBf16)
            GTEST_SKIP() << "no AVX-512 VNNI and BF16 here, or AMX too: the plain convolution is used";
        tensor::useThreads();
    }
};

TEST_F(Fixed, EqualsTheConvolutionButForRounding) {
    for (const auto& [in, out, height, width, batch] : {std::tuple{32, 32, 4, 4, 1}, {64, 32, 37, 53, 1}, {32, 96, 1, 2, 2},
                                                        {320, 64, 24, 20, 2}, {640, 32, 9, 30, 1}})
        for (const int pad : {0, 1, 2}) {
            if (height + 2 * pad < 3 || width + 2 * pad < 3) continue;
            const Tensor weight = noise({out, in, 3, 3}, 1), bias = noise({out}, 2), x = channelsLast(noise({batch, in, height, width}, 3));
            const auto conv = FixedConv::make(weight, bias, {.padding = pad});
            ASSERT_TRUE(conv);
            EXPECT_LT(relativeError((*conv)(x, pad), exact(x, weight, bias, pad)), kTolerance)
                << in << "->" << out << " " << width << "x" << height << " padded by " << pad;
        }
}

TEST_F(Fixed, WhatIsLeanKeepsNoMoreThanItMakes) {
    const Tensor weight = noise({64, 64, 3, 3}, 1); // 36 values of 16 bit for each kernel, and as many sums of 32 for each channel
    const auto conv = FixedConv::make(weight, {}, {}), lean = FixedConv::make(weight, {}, {.lean = true});
    ASSERT_TRUE(conv && lean);
    const auto picture = [](std::int64_t side) { return channelsLast(at::zeros({1, 64, side, side}, at::kBFloat16)); };
    EXPECT_TRUE(conv->pays(picture(40), 1));
    EXPECT_FALSE(lean->pays(picture(40), 1)) << "205 KB of 304";
    EXPECT_TRUE(lean->pays(picture(56), 1)) << "401 KB of 304";
    EXPECT_FALSE(lean->pays(picture(16), 1)) << "for another reason";
}

TEST_F(Fixed, ADoubledPictureIsThatOfTheUpsampledOne) {
    const Tensor weight = noise({64, 32, 3, 3}, 1), bias = noise({64}, 2), x = channelsLast(noise({1, 32, 21, 18}, 3));
    const auto conv = FixedConv::make(weight, bias, {.padding = 1}, true);
    ASSERT_TRUE(conv);
    const Tensor large = at::upsample_nearest2d(x.to(at::kDouble), {42, 36});
    EXPECT_LT(relativeError((*conv)(x, 1), exact(large, weight, bias, 1)), kTolerance);
}

TEST_F(Fixed, AddsToWhatIsThereAndRoundsOnce) {
    const Tensor weight = noise({32, 64, 3, 3}, 1), bias = noise({32}, 2), x = channelsLast(noise({1, 64, 16, 16}, 3));
    const auto conv = FixedConv::make(weight, bias, {.padding = 1});
    const Tensor before = channelsLast(noise({1, 32, 16, 16}, 4).mul(20));
    Tensor sum = before.clone();
    conv->addTo(sum, x, 1);
    EXPECT_LT(relativeError(sum, exact(x, weight, bias, 1).add(before.to(at::kDouble))), kTolerance);
}

TEST_F(Fixed, APixelDoesNotDependOnItsStripe) {
    const Tensor weight = noise({32, 32, 3, 3}, 1), x = channelsLast(noise({1, 32, 66, 40}, 3));
    const auto conv = FixedConv::make(weight, {}, {.padding = 1});
    const Tensor whole = (*conv)(x, 0); // rows 1 to 64 of the padded result
    for (const std::int64_t first : {0, 4, 32})
        EXPECT_EQ(maxAbsDifference((*conv)(channelsLast(x.narrow(2, first, 18)), 0), whole.narrow(2, first, 16)), 0);
}

TEST_F(Fixed, SumsThatAllAddUpDoNotOverflow) {
    for (const double sign : {1.0, -1.0}) {
        const Tensor weight = at::full({32, 640, 3, 3}, 3.0, at::kBFloat16);
        const Tensor x = channelsLast(at::full({1, 640, 12, 12}, 50 * sign, at::kBFloat16));
        const auto conv = FixedConv::make(weight, {}, {.padding = 1});
        EXPECT_LT(relativeError((*conv)(x, 1), exact(x, weight, at::full({32}, 0.0), 1)), kTolerance);
    }
}

TEST_F(Fixed, OneLargeChannelDoesNotDrownTheOthers) {
    Tensor x = noise({1, 64, 20, 20}, 3);
    x.select(1, 5).mul_(100);
    x = channelsLast(x);
    Tensor weight = noise({32, 64, 3, 3}, 1);
    weight.select(1, 5).zero_(); // only what the others give is seen
    const auto conv = FixedConv::make(weight, {}, {.padding = 1});
    EXPECT_LT(relativeError((*conv)(x, 1), exact(x, weight, at::full({32}, 0.0), 1)), 4e-2);
}

TEST_F(Fixed, WhatIsNotFiniteStaysSoAndWhereItIs) {
    for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        const Tensor weight = noise({32, 32, 3, 3}, 1);
        Tensor x = channelsLast(noise({1, 32, 32, 32}, 3));
        x.select(1, 7).select(1, 10).narrow(1, 11, 1).fill_(bad); // row 10, column 11
        const auto conv = FixedConv::make(weight, {}, {.padding = 1});
        const Tensor finite = at::isfinite((*conv)(x, 1)).to(at::kFloat);
        EXPECT_EQ(finite.narrow(2, 9, 3).narrow(3, 10, 3).sum().item<float>(), 0);
        EXPECT_EQ(finite.narrow(2, 16, 16).min().item<float>(), 1);
    }
}

TEST_F(Fixed, NothingInGivesTheBias) {
    const Tensor bias = noise({32}, 2), x = channelsLast(at::full({1, 32, 8, 8}, 0.0, at::kBFloat16));
    const auto conv = FixedConv::make(at::full({32, 32, 3, 3}, 0.0, at::kBFloat16), bias, {.padding = 1});
    EXPECT_EQ(maxAbsDifference((*conv)(x, 1), bias.view({1, 32, 1, 1}).expand({1, 32, 8, 8})), 0);
}

TEST_F(Fixed, LeavesOtherConvolutionsAlone) {
    EXPECT_FALSE(FixedConv::make(noise({32, 32, 1, 1}, 1), {}, {}));
    EXPECT_FALSE(FixedConv::make(noise({32, 48, 3, 3}, 1), {}, {.padding = 1}));
    EXPECT_FALSE(FixedConv::make(noise({32, 32, 3, 3}, 1), {}, {.stride = 2, .padding = 1}));
    EXPECT_FALSE(FixedConv::make(noise({32, 32, 3, 3}, 1).to(at::kFloat), {}, {.padding = 1}));
    EXPECT_FALSE(FixedConv::make(at::full({1}, 1.0, at::kBFloat16).expand({1280, 1280, 3, 3}), {}, {.padding = 1}));
}

TEST_F(Fixed, AStopIsHeard) {
    const auto conv = FixedConv::make(noise({32, 32, 3, 3}, 1), {}, {.padding = 1});
    const Tensor x = channelsLast(noise({1, 32, 64, 64}, 3));
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { tensor::run(cancel, [&] { (*conv)(x, 1); }); }).cancelled());
}

} // namespace
} // namespace ochre::nn
