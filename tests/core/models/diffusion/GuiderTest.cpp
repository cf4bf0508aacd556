// SPDX-License-Identifier: GPL-3.0-or-later
// The sums of guidance against what single calls of the network give.
#include "core/models/diffusion/Guider.h"

#include <gtest/gtest.h>

#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/UNet.h"
#include "core/tensor/Fill.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using test::noise;
using test::prompt;

constexpr double kSigma = 3.5, kTight = 2e-4;

double apart(const nn::Tensor& a, const nn::Tensor& b) {
    return nn::maxAbsDifference(a, b);
}

GuiderSetup setupOf(double cfg, const Conditioning& positive, const Conditioning& negative) {
    GuiderSetup setup;
    setup.model = test::smallModel();
    setup.positive = positive;
    setup.negative = negative;
    setup.cfg = cfg;
    setup.sigmas = {14.6, 7, kSigma, 1, 0};
    return setup;
}

/// What the network alone takes the clean picture to be.
nn::Tensor single(const DiffusionModel& model, const nn::Tensor& x, double sigma, const nn::Tensor& states) {
    const sampling::ModelSampling levels = model.sampling();
    const std::vector<float> time{static_cast<float>(levels.timestep(sigma))};
    nn::Tensor denoised;
    tensor::run({}, [&] {
        const nn::Tensor context = states.repeat({x.size(0), 1, 1});
        denoised = levels.denoised(
            x, model.network()->forward(levels.input(x, sigma), nn::fromValues(time, {1}), context), sigma);
    });
    return denoised;
}

struct Guided {
    nn::Tensor denoised;
    int calls;
};

Guided guided(const GuiderSetup& setup, const nn::Tensor& x, double sigma = kSigma) {
    Guided result{};
    tensor::run({}, [&] {
        Guider guider(setup, x);
        result.denoised = guider(x, sigma).denoised;
        result.calls = guider.calls();
    });
    return result;
}

class GuiderTest : public testing::Test {
protected:
    const nn::Tensor m_x = noise({1, 4, 8, 12}).mul(kSigma);
    const Conditioning m_positive = prompt("a cat on a wall"), m_negative = prompt("blurred, grey");
    nn::Tensor of(const Conditioning& c, const nn::Tensor& x) const {
        return single(test::smallModel(), x, kSigma, c.entries.front().states);
    }
    nn::Tensor of(const Conditioning& c) const { return of(c, m_x); }
};

TEST_F(GuiderTest, GuidanceIsTheFormulaAndBothSidesGoInOneCall) {
    const nn::Tensor u = of(m_negative), expected = u.add(of(m_positive).sub(u).mul(7));
    GuiderSetup setup = setupOf(7, m_positive, m_negative);
    const Guided together = guided(setup, m_x);
    EXPECT_EQ(together.calls, 1);
    EXPECT_LT(apart(together.denoised, expected), 10 * kTight);
    setup.batched = false;
    const Guided apartCalls = guided(setup, m_x);
    EXPECT_EQ(apartCalls.calls, 2);
    EXPECT_LT(apart(apartCalls.denoised, expected), kTight);
    EXPECT_GT(apart(of(m_positive), u), 0.01) << "the prompts must differ for this to say anything";
}

TEST_F(GuiderTest, LargeBatchesGoThroughTheNetworkOneSideAtATime) {
    const nn::Tensor large = noise({260, 4, 8, 8}); // 16 640 latent pixels a side
    EXPECT_EQ(guided(setupOf(7, m_positive, m_negative), large).calls, 2);
}

TEST_F(GuiderTest, GuidanceOfOneAsksForThePositiveSideAlone) {
    const nn::Tensor x = noise({2, 4, 8, 8}).mul(kSigma);
    const Guided one = guided(setupOf(1, m_positive, m_negative), x);
    EXPECT_EQ(one.calls, 1);
    EXPECT_EQ(apart(one.denoised, of(m_positive, x)), 0);
    EXPECT_EQ(apart(guided(setupOf(7, m_positive, {}), x).denoised, one.denoised), 0);
    GuiderSetup both = setupOf(1, m_positive, m_negative);
    both.needsUnconditional = true;
    tensor::run({}, [&] {
        Guider guider(both, x);
        EXPECT_LT(apart(guider(x, kSigma).unconditional, of(m_negative, x)), kTight);
    });
}

TEST_F(GuiderTest, PromptsOfDifferentLengthGoTogetherByRepeatingTokens) {
    std::string longText;
    for (int i = 0; i < 100; ++i) longText += "tree ";
    const Conditioning two = prompt(longText);
    ASSERT_EQ(two.entries.front().states.size(1), 154);
    const Guided result = guided(setupOf(5, two, m_negative), m_x);
    EXPECT_EQ(result.calls, 1);
    const nn::Tensor u = of(m_negative);
    EXPECT_LT(apart(result.denoised, u.add(of(two).sub(u).mul(5))), 10 * kTight);
}

TEST_F(GuiderTest, AreasFadeInAndAreWeighedAgainstTheRest) {
    Conditioning positive = m_positive;
    ConditioningEntry part = prompt("a red door").entries.front();
    part.area = ConditioningArea{4, 0, 8, 8, false}; // the right two thirds
    part.strength = 2;
    positive.entries.push_back(part);
    const nn::Tensor inside = single(test::smallModel(), m_x.narrow(3, 4, 8), kSigma, part.states);
    // Of 8 columns, the first 2 rise; the right side is the picture's border.
    const std::vector<float> rise{1, 2, 2, 2, 2, 2, 2, 2};
    const nn::Tensor weight = nn::fromValues(rise, {1, 1, 1, 8});
    nn::Tensor sum = of(m_positive).clone(), count = m_x.new_ones({1, 1, 1, 12});
    sum.narrow(3, 4, 8).add_(inside.mul(weight));
    count.narrow(3, 4, 8).add_(weight);
    EXPECT_LT(apart(guided(setupOf(1, positive, {}), m_x).denoised, sum.div(count)), kTight);
}

TEST_F(GuiderTest, AnAreaOfOneSideHasATwinOnTheOther) {
    Conditioning positive = m_positive;
    positive.entries.front().area = ConditioningArea{0.5, 0, 0.5, 1, true};
    Conditioning written = m_negative;
    ConditioningEntry twin = positive.entries.front();
    twin.states = m_negative.entries.front().states;
    written.entries.push_back(twin);
    const Guided made = guided(setupOf(6, positive, m_negative), m_x);
    EXPECT_EQ(apart(made.denoised, guided(setupOf(6, positive, written), m_x).denoised), 0);
    // Where no positive entry acts, its side is 0: 0 + (0 − u)·6 + u.
    const nn::Tensor left = made.denoised.narrow(3, 0, 6);
    EXPECT_LT(apart(left, of(m_negative).narrow(3, 0, 6).mul(-5)), 10 * kTight);
}

TEST_F(GuiderTest, MasksWeighByPixelAndBoundsCutToTheirBox) {
    Conditioning positive = m_positive;
    ConditioningEntry masked = prompt("a red door").entries.front();
    masked.mask = m_x.new_zeros({1, 8, 12});
    masked.mask.narrow(2, 2, 4).fill_(1);
    masked.maskStrength = 0.5;
    positive.entries.push_back(masked);
    nn::Tensor sum = of(m_positive).clone(), count = m_x.new_ones({1, 1, 8, 12});
    sum.add_(single(test::smallModel(), m_x, kSigma, masked.states).mul(masked.mask.unsqueeze(1).mul(0.5)));
    count.add_(masked.mask.unsqueeze(1).mul(0.5));
    EXPECT_LT(apart(guided(setupOf(1, positive, {}), m_x).denoised, sum.div(count)), kTight);

    positive.entries.back().maskBounds = true; // 4 columns are widened to 8
    nn::Tensor boxed = of(m_positive).clone();
    boxed.narrow(3, 2, 8).add_(single(test::smallModel(), m_x.narrow(3, 2, 8), kSigma, masked.states)
                                   .mul(masked.mask.unsqueeze(1).narrow(3, 2, 8).mul(0.5)));
    EXPECT_LT(apart(guided(setupOf(1, positive, {}), m_x).denoised, boxed.div(count)), kTight);
}

/// "a cat on a wall AND a red door :0.5", as the text encoder gives it.
Conditioning partsOf(double first, double second) {
    Conditioning parts = prompt("a cat on a wall");
    parts.entries.push_back(prompt("a red door").entries.front());
    for (ConditioningEntry& e : parts.entries) e.parts = 2;
    parts.entries[0].partWeight = first;
    parts.entries[1].partWeight = second;
    return parts;
}

TEST_F(GuiderTest, PartsOfAnAndAreSummedAsDifferencesFromTheUnconditional) {
    const nn::Tensor u = of(m_negative), a = of(m_positive), b = of(prompt("a red door"));
    for (const auto& [first, second] : {std::pair{1.0, 1.0}, {1.0, 0.5}, {1.5, -0.25}})
        for (const double cfg : {7.0, 1.0}) {
            const nn::Tensor expected =
                u.add(a.sub(u).mul(first * cfg)).add(b.sub(u).mul(second * cfg));
            const Guided result = guided(setupOf(cfg, partsOf(first, second), m_negative), m_x);
            EXPECT_LT(apart(result.denoised, expected), 20 * kTight) << first << " " << second << " " << cfg;
            EXPECT_EQ(result.calls, 1);
        }
    Conditioning whole = test::smallTextEncoder().encode(
        "a cat on a wall AND a red door :0.5", {.style = PromptStyle::A1111});
    EXPECT_LT(apart(guided(setupOf(7, whole, m_negative), m_x).denoised,
                    guided(setupOf(7, partsOf(1, 0.5), m_negative), m_x).denoised),
              20 * kTight);
}

TEST_F(GuiderTest, PartsOfAnAndCountAsOnePromptAmongOthers) {
    Conditioning combined = partsOf(1, 0.5); // as the node that combines prompts does it: averaged
    combined.entries.push_back(prompt("a green field").entries.front());
    const nn::Tensor u = of(m_negative), a = of(m_positive), b = of(prompt("a red door"));
    const nn::Tensor both = u.add(a.sub(u)).add(b.sub(u).mul(0.5));
    const nn::Tensor positive = both.add(of(prompt("a green field"))).div(2);
    EXPECT_LT(apart(guided(setupOf(3, combined, m_negative), m_x).denoised, u.add(positive.sub(u).mul(3))),
              20 * kTight);
}

TEST_F(GuiderTest, WithoutAnUnconditionalPredictionPartsAreAveragedByWeight) {
    const nn::Tensor expected = of(m_positive).add(of(prompt("a red door")).mul(0.5)).div(1.5);
    EXPECT_LT(apart(guided(setupOf(1, partsOf(1, 0.5), {}), m_x).denoised, expected), kTight);
}

TEST_F(GuiderTest, RangesSayWhenAPromptActs) {
    Conditioning positive = m_positive;
    positive.entries.front().end = 0.5;
    ConditioningEntry late = prompt("a red door").entries.front();
    late.start = 0.5;
    positive.entries.push_back(late);
    const GuiderSetup setup = setupOf(1, positive, {});
    const double middle = setup.model.sampling().percentToSigma(0.5);
    EXPECT_EQ(apart(guided(setup, m_x, middle * 2).denoised,
                    single(setup.model, m_x, middle * 2, m_positive.entries.front().states)),
              0);
    EXPECT_EQ(
        apart(guided(setup, m_x, middle / 2).denoised, single(setup.model, m_x, middle / 2, late.states)), 0);
    EXPECT_EQ(guided(setup, m_x, middle).calls, 1) << "both act where they meet, in one call";
}

TEST_F(GuiderTest, ChangingPromptsFollowTheSteps) {
    Conditioning positive = m_positive;
    positive.entries.front().stepEnd = 0.5;
    ConditioningEntry late = prompt("a red door").entries.front();
    late.stepStart = 0.5;
    positive.entries.push_back(late);
    const GuiderSetup setup = setupOf(1, positive, {}); // 4 steps
    const nn::Tensor& first = m_positive.entries.front().states;
    EXPECT_EQ(apart(guided(setup, m_x, 7).denoised, single(setup.model, m_x, 7, first)), 0);
    EXPECT_EQ(apart(guided(setup, m_x, kSigma).denoised, single(setup.model, m_x, kSigma, late.states)), 0);
}

TEST_F(GuiderTest, RescaledGuidanceHasTheSpreadOfThePromptsOwnPrediction) {
    GuiderSetup setup = setupOf(9, m_positive, m_negative);
    setup.model.rescaleCfg = 1;
    const double variance = kSigma * kSigma + 1;
    const auto spread = [&](const nn::Tensor& denoised) {
        return m_x.div(variance).sub(denoised).mul(std::sqrt(variance) / kSigma).std().item<double>();
    };
    EXPECT_NEAR(spread(guided(setup, m_x).denoised), spread(of(m_positive)), 1e-3);
    setup.model.rescaleCfg = 1e-6;
    const GuiderSetup plain = setupOf(9, m_positive, m_negative);
    EXPECT_LT(apart(guided(setup, m_x).denoised, guided(plain, m_x).denoised), 0.01);
}

TEST_F(GuiderTest, PerpNegLeavesOutWhatLiesAlongThePrompt) {
    const Conditioning empty = prompt("");
    const nn::Tensor e = of(empty), p = of(m_positive).sub(e), n = of(m_negative).sub(e);
    GuiderSetup setup = setupOf(4, m_positive, m_negative);
    setup.model.perpNeg = PerpNeg{std::make_shared<const Conditioning>(empty), 0.8};
    const double along = n.mul(p).sum().item<double>() / p.mul(p).sum().item<double>();
    const nn::Tensor expected = e.add(p.sub(n.sub(p.mul(along)).mul(0.8)).mul(4));
    const Guided result = guided(setup, m_x);
    EXPECT_EQ(result.calls, 1) << "all three go together";
    EXPECT_LT(apart(result.denoised, expected), 20 * kTight);
}

TEST_F(GuiderTest, AControlNetActsInItsRangeAndReachesTheOtherSide) {
    ControlUse use;
    use.net = ControlNetModel::open(test::smallControlNet(), test::kFloat32);
    use.hint = noise({1, 3, 50, 90}, 5).abs().clamp(0, 1);
    use.start = 0.2;
    use.end = 0.6;
    use.alsoNegative = true;
    GuiderSetup steered = setupOf(6, withControl(m_positive, use), m_negative);
    const GuiderSetup plain = setupOf(6, m_positive, m_negative);
    const sampling::ModelSampling levels = plain.model.sampling();
    for (const double share : {0.1, 0.7}) {
        const double sigma = levels.percentToSigma(share);
        EXPECT_EQ(apart(guided(steered, m_x, sigma).denoised, guided(plain, m_x, sigma).denoised), 0)
            << share;
    }
    const double inside = levels.percentToSigma(0.4);
    const nn::Tensor with = guided(steered, m_x, inside).denoised;
    EXPECT_GT(apart(with, guided(plain, m_x, inside).denoised), 1e-3);
    const GuiderSetup both = setupOf(6, withControl(m_positive, use), withControl(m_negative, use));
    EXPECT_EQ(apart(with, guided(both, m_x, inside).denoised), 0);
    use.alsoNegative = false;
    const GuiderSetup one = setupOf(6, withControl(m_positive, use), m_negative);
    EXPECT_GT(apart(with, guided(one, m_x, inside).denoised), 1e-3);
}

TEST_F(GuiderTest, AnInpaintingModelIsShownMaskAndMaskedPicture) {
    GuiderSetup setup = setupOf(1, prompt("a cat", "sd15-inpaint-small"), {});
    setup.model = test::smallModel("sd15-inpaint-small");
    const auto expected = [&](const nn::Tensor& mask, const nn::Tensor& latent) {
        const sampling::ModelSampling levels = setup.model.sampling();
        const std::vector<float> time{static_cast<float>(levels.timestep(kSigma))};
        nn::Tensor denoised;
        tensor::run({}, [&] {
            const nn::Tensor input = nn::cat({levels.input(m_x, kSigma), mask, latent}, 1);
            denoised = levels.denoised(m_x,
                                       setup.model.network()->forward(input, nn::fromValues(time, {1}),
                                                                      setup.positive.entries.front().states),
                                       kSigma);
        });
        return denoised;
    };
    const std::vector<float> grey{0.8223f, -0.6876f, 0.6364f, 0.1380f};
    const nn::Tensor blank = nn::fromValues(grey, {1, 4, 1, 1}).expand({1, 4, 8, 12});
    EXPECT_EQ(apart(guided(setup, m_x).denoised, expected(m_x.new_ones({1, 1, 8, 12}), blank)), 0);
    InpaintConcat inpaint{noise({1, 4, 8, 12}, 9), m_x.new_full({1, 1, 64, 96}, 0.7)};
    setup.positive.entries.front().inpaint = inpaint;
    EXPECT_EQ(apart(guided(setup, m_x).denoised,
                    expected(m_x.new_ones({1, 1, 8, 12}), inpaint.latent.mul(0.18215))),
              0);
}

TEST_F(GuiderTest, SdxlReadsPooledTextAndSizes) {
    for (const char* kind : {"sdxl-small", "sdxl-refiner-small"}) {
        GuiderSetup setup = setupOf(1, prompt("a cat", kind), {});
        setup.model = test::smallModel(kind);
        const nn::Tensor usual = guided(setup, m_x).denoised;
        setup.positive.entries.front().sizes = SdxlSizes{96, 64, 0, 0, 96, 64, 6.0};
        EXPECT_EQ(apart(guided(setup, m_x).denoised, usual), 0)
            << kind << ": the picture's own sizes are the default";
        setup.positive.entries.front().sizes->cropX = 32;
        EXPECT_GT(apart(guided(setup, m_x).denoised, usual), 1e-5) << kind;
    }
}

TEST_F(GuiderTest, PromptsAndControlNetsOfOtherFamiliesAreErrors) {
    GuiderSetup setup = setupOf(1, prompt("a cat", "sdxl-small"), {});
    test::expectError([&] { guided(setup, m_x); },
                      "is encoded for SDXL (128 wide), the model is Stable Diffusion 1");
    ControlUse use;
    use.net = ControlNetModel::open(test::smallControlNet("sdxl-small"), test::kFloat32);
    use.hint = noise({1, 3, 64, 96});
    setup.positive = withControl(m_positive, use);
    test::expectError([&] { guided(setup, m_x); }, "is a ControlNet for SDXL");
    setup.positive = m_positive;
    setup.positive.entries.front().area = ConditioningArea{12, 0, 4, 4, false};
    test::expectError([&] { guided(setup, m_x); }, "lies outside of the picture of 96×64 px");
    setup.positive = {};
    test::expectError([&] { guided(setup, m_x); }, "no prompt");
}

TEST_F(GuiderTest, WhatIsKeptStaysAndADifferentialMaskSaysWhen) {
    const sampling::ModelSampling levels = test::smallModel().sampling();
    InpaintKeep keep{noise({1, 4, 8, 12}, 3), noise({1, 4, 8, 12}, 4), m_x.new_zeros({1, 1, 8, 12}),
                     std::nullopt};
    keep.mask.narrow(3, 6, 6).fill_(0.4);
    nn::Tensor seen;
    const sampling::Denoiser two = [&](const nn::Tensor& x, double) {
        seen = x;
        return sampling::DenoiseResult{x.mul(2), {}};
    };
    const sampling::Sigmas sigmas{levels.sigmaMax(), levels.percentToSigma(0.5), 0};
    auto result = keepingOutside(two, keep, levels, sigmas)(m_x, kSigma).denoised;
    EXPECT_EQ(apart(result.narrow(3, 0, 6), keep.latent.narrow(3, 0, 6)), 0);
    const nn::Tensor noisy = keep.latent.add(keep.noise, kSigma);
    EXPECT_LT(apart(seen, m_x.mul(keep.mask).add(noisy.mul(keep.mask.neg().add(1)))), 1e-5);

    keep.differential = 1;
    const auto differential = keepingOutside(two, keep, levels, sigmas);
    result = differential(m_x, levels.percentToSigma(0.3)).denoised; // 0.7 of the way is left
    EXPECT_EQ(apart(result, keep.latent), 0);
    result = differential(m_x, levels.percentToSigma(0.8)).denoised;
    EXPECT_EQ(apart(result.narrow(3, 6, 6), m_x.narrow(3, 6, 6).mul(2)), 0);
    EXPECT_EQ(apart(result.narrow(3, 0, 6), keep.latent.narrow(3, 0, 6)), 0);
}

} // namespace
} // namespace ochre::models
