// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RetinexDiffusion.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/tensor/Attention.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

constexpr int kTimesteps = 1000;

tensor::Weights small(const char* name) {
    return tensor::Weights::open(
        test::sourceFile(std::string("tests/parity/diffretinex/") + name + "/weights.safetensors"));
}

nn::Tensor kept() {
    const nn::Tensor betas = nn::range(0, kTimesteps).to(at::kFloat).mul(2e-5).add(1e-6);
    return betas.neg().add(1).cumprod(0);
}

/// The small networks of the parity cases as one checkpoint.
tensor::Weights whole() {
    std::map<std::string, nn::Tensor> tensors{{"alphas_cumprod", kept()}};
    for (const auto& [prefix, name] : {std::pair{"denoise_fn.", "ida_unet"}, std::pair{"Unet_fn.", "ida_consist"}}) {
        const tensor::Weights part = small(name);
        for (const std::string& key : part.names()) tensors.emplace(prefix + key, part.tensor(key));
    }
    return tensor::Weights::of(tensors, "whole");
}

nn::Tensor waves(double phase) {
    return nn::range(0, 16 * 16).to(at::kFloat).mul(0.1).add(phase).sin().view({1, 1, 16, 16});
}

RetinexDiffusion smallDiffusion() {
    const tensor::Weights weights = whole();
    return {weights, RetinexDiffusion::Config::fromWeights(weights).value()};
}

TEST(RetinexDiffusion, OneStepIsTheRefinedEstimate) {
    const double last = kept().select(0, kTimesteps - 1).item<double>();
    const nn::Tensor level = nn::range(0, 1).to(at::kFloat).add(std::sqrt(last)).view({1, 1});
    const tensor::Weights denoiser = small("ida_unet"), refiner = small("ida_consist");
    const nn::Tensor condition = waves(0), start = waves(1);
    const nn::Tensor noise = RetinexUNet(denoiser, RetinexUNet::Config::fromWeights(denoiser).value())
                                 .forward(nn::cat({condition, start}), level);
    const nn::Tensor estimate = start.sub(noise.mul(std::sqrt(1 - last))).div(std::sqrt(last)).clamp(-1, 1);
    const nn::Tensor refined = RetinexUNet(refiner, RetinexUNet::Config::fromWeights(refiner).value())
                                   .forward(nn::cat({condition, estimate}), level);
    const nn::Tensor restored = smallDiffusion().restore(condition, [&] { return start; }, 1);
    EXPECT_LT(nn::maxAbsDifference(restored, refined.clamp(-1, 1)), 1e-4);
}

TEST(RetinexDiffusion, DrawsNoiseOnceAndBetweenSteps) {
    int draws = 0;
    const nn::Tensor restored = smallDiffusion().restore(waves(0), [&] { return waves(++draws); });
    EXPECT_EQ(draws, 5);
    EXPECT_LE(nn::maxAbs(restored), 1);
    const nn::Tensor same = smallDiffusion().restore(waves(0), [&] { return waves(1); }, 5, 0);
    EXPECT_GT(nn::maxAbsDifference(restored, same), 0);
}

TEST(RetinexDiffusion, StepsThatCannotBeAreRefused) {
    const RetinexDiffusion diffusion = smallDiffusion();
    test::expectError([&] { diffusion.restore(waves(0), [] { return waves(1); }, 0); }, "0 steps");
    test::expectError([&] { diffusion.restore(waves(0), [] { return waves(1); }, kTimesteps + 1); }, "give 1 to 1000");
}

} // namespace
} // namespace ochre::models
