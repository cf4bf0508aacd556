// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/SampleLatent.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/models/diffusion/UNet.h"
#include "core/tensor/Fill.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using test::noise;
using test::prompt;

constexpr double kScale = 0.18215;

class SampleLatentTest : public testing::Test {
protected:
    const DiffusionModel m_model = test::smallModel();
    const Conditioning m_positive = prompt("a cat on a wall"), m_negative = prompt("blurred");

    SampleOptions options(int steps = 4) const {
        SampleOptions o;
        o.seed = 42;
        o.steps = steps;
        o.cfg = 3;
        return o;
    }
    SampleResult run(const LatentBatch& latent, const SampleOptions& o, const SampleHooks& hooks = {}) const {
        return sampleLatent(m_model, m_positive, m_negative, latent, o, hooks);
    }
    LatentBatch picture(std::uint64_t seed = 3) const {
        LatentBatch latent;
        latent.samples = noise({1, 4, 8, 8}, seed).mul(5);
        return latent;
    }
};

double apart(const nn::Tensor& a, const nn::Tensor& b) {
    return nn::maxAbsDifference(a, b);
}

// Noise, schedule, both predictions, guidance and Euler's steps, written out.
TEST_F(SampleLatentTest, FollowsTheWholeTrajectoryFromNoiseToPicture) {
    const SampleOptions o = options(5);
    const sampling::ModelSampling levels = m_model.sampling();
    const sampling::Sigmas sigmas = sampling::findSchedule("normal").sigmas(levels, 5);
    nn::Tensor x = noise({1, 4, 8, 8}, 42).mul(std::sqrt(1 + sigmas[0] * sigmas[0]));
    tensor::run({}, [&] {
        const auto net = m_model.network();
        for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
            const std::vector<float> time{static_cast<float>(levels.timestep(sigmas[i]))};
            const auto epsilon = [&](const Conditioning& c) {
                return net->forward(x.div(std::sqrt(sigmas[i] * sigmas[i] + 1)), nn::fromValues(time, {1}),
                                    c.entries.front().states);
            };
            const nn::Tensor u = epsilon(m_negative), e = u.add(epsilon(m_positive).sub(u).mul(3));
            x = x.add(e, sigmas[i + 1] - sigmas[i]);
        }
    });
    const SampleResult result = run(emptyLatent(64, 64, 1), o);
    EXPECT_LT(apart(result.latent.samples, x.div(kScale)), 2e-3 * nn::maxAbs(result.latent.samples));
    EXPECT_EQ(result.networkCalls, 5);
    EXPECT_EQ(result.steps, 5);
}

TEST_F(SampleLatentTest, TheSameSeedGivesTheSameBytesAndAnotherDoesNot) {
    SampleOptions o = options();
    o.sampler = "euler_ancestral";
    const nn::Tensor first = run(emptyLatent(64, 64, 1), o).latent.samples;
    EXPECT_EQ(apart(first, run(emptyLatent(64, 64, 1), o).latent.samples), 0);
    o.seed = 43;
    EXPECT_GT(apart(first, run(emptyLatent(64, 64, 1), o).latent.samples), 0.1);
}

TEST_F(SampleLatentTest, AFullDenoiseStartsFromTheSeedsNoiseOfTheWholeBatch) {
    SampleOptions o = options();
    const double from = m_model.sampling().sigmaMax(), to = from / 2;
    o.sigmas = sampling::Sigmas{from, to};
    const SampleResult result = run(emptyLatent(64, 64, 2), o);
    // One step of Euler mixes x and the prediction, so that x can be taken out of it again.
    const nn::Tensor x =
        result.latent.samples.sub(result.denoised.samples, 1 - to / from).mul(from / to).mul(kScale);
    EXPECT_LT(apart(x.div(std::sqrt(1 + from * from)), noise({2, 4, 8, 8}, 42)), 1e-3);
}

TEST_F(SampleLatentTest, PicturesOfABatchThatAreNumberedHaveTheirNoiseWhereverTheyStand) {
    LatentBatch two = emptyLatent(64, 64, 2), one = emptyLatent(64, 64, 1);
    two.batchIndex = {0, 1};
    one.batchIndex = {1};
    const nn::Tensor both = run(two, options()).latent.samples;
    EXPECT_LT(apart(both.narrow(0, 1, 1), run(one, options()).latent.samples), 1e-2);
    EXPECT_GT(apart(both.narrow(0, 0, 1), both.narrow(0, 1, 1)), 0.1);
}

TEST_F(SampleLatentTest, NoiseOfTheGpuKindIsASeedAPicture) {
    SampleOptions o = options();
    o.noise = sampling::NoiseKind::Cuda;
    o.sampler = "euler_ancestral";
    const nn::Tensor both = run(emptyLatent(64, 64, 2), o).latent.samples;
    o.seed += 1;
    EXPECT_LT(apart(both.narrow(0, 1, 1), run(emptyLatent(64, 64, 1), o).latent.samples), 1e-2);
}

TEST_F(SampleLatentTest, DenoiseSaysHowMuchOfTheWayIsRun) {
    SampleOptions o = options(10);
    o.denoise = 0;
    const SampleResult none = run(picture(), o);
    EXPECT_EQ(apart(none.latent.samples, picture().samples), 0);
    EXPECT_EQ(none.networkCalls, 0);
    double last = 0;
    for (const double denoise : {0.1, 0.5, 1.0}) {
        o.denoise = denoise;
        const SampleResult result = run(picture(), o);
        EXPECT_EQ(result.steps, 10) << "the number of steps is the artist's";
        const double moved = nn::meanAbsDifference(result.latent.samples, picture().samples);
        EXPECT_GT(moved, last);
        last = moved;
    }
    EXPECT_EQ(run(emptyLatent(64, 64, 1), options(10)).networkCalls, 10);
}

TEST_F(SampleLatentTest, TwoPartsWithLeftoverNoiseAreOneWhole) {
    SampleOptions o = options(8);
    const nn::Tensor whole = run(emptyLatent(64, 64, 1), o).latent.samples;
    o.endAt = 3;
    o.leftoverNoise = true;
    const SampleResult first = run(emptyLatent(64, 64, 1), o);
    EXPECT_EQ(first.networkCalls, 3);
    SampleOptions rest = options(8);
    rest.startAt = 3;
    rest.addNoise = false;
    const SampleResult second = run(first.latent, rest);
    EXPECT_EQ(second.networkCalls, 5);
    EXPECT_LT(apart(second.latent.samples, whole), 1e-3 * nn::maxAbs(whole));
    rest.startAt = 8;
    EXPECT_EQ(apart(run(first.latent, rest).latent.samples, first.latent.samples), 0)
        << "nothing is left to do";
}

TEST_F(SampleLatentTest, AMaskKeepsWhatLiesOutside) {
    LatentBatch latent = picture();
    latent.noiseMask = latent.samples.new_zeros({1, 1, 64, 64});
    latent.noiseMask.narrow(3, 32, 32).fill_(1);
    for (const char* sampler : {"euler", "ddim", "dpmpp_2m", "euler_ancestral"}) {
        SampleOptions o = options(6);
        o.sampler = sampler;
        const nn::Tensor out = run(latent, o).latent.samples;
        EXPECT_LT(apart(out.narrow(3, 0, 3), latent.samples.narrow(3, 0, 3)), 1e-3) << sampler;
        EXPECT_GT(apart(out.narrow(3, 5, 3), latent.samples.narrow(3, 5, 3)), 0.5) << sampler;
    }
}

TEST_F(SampleLatentTest, PausesBetweenStepsAndStopsAfterTheOneUnderWay) {
    int pauses = 0, seen = 0;
    SampleHooks hooks;
    hooks.cancel = Cancel::make();
    hooks.waitWhilePaused = [&] { ++pauses; };
    hooks.preview = [&](int step, int total, const nn::Tensor& denoised) {
        EXPECT_EQ(step, seen++);
        EXPECT_EQ(total, 6);
        EXPECT_EQ(denoised.sizes(), at::IntArrayRef({1, 4, 8, 8}));
        if (step == 2) hooks.cancel.request();
    };
    const Error stopped = test::expectError([&] { run(emptyLatent(64, 64, 1), options(6), hooks); });
    EXPECT_TRUE(stopped.cancelled());
    EXPECT_EQ(seen, 3);
    EXPECT_EQ(pauses, 2);
}

TEST_F(SampleLatentTest, EverySamplerAndScheduleEndsInFiniteNumbers) {
    for (const sampling::Sampler& sampler : sampling::samplers()) {
        SampleOptions o = options(4);
        o.sampler = sampler.name;
        EXPECT_TRUE(std::isfinite(nn::maxAbs(run(emptyLatent(64, 64, 1), o).latent.samples))) << sampler.name;
    }
    for (const sampling::Schedule& schedule : sampling::schedules()) {
        SampleOptions o = options(4);
        o.scheduler = schedule.name;
        EXPECT_TRUE(std::isfinite(nn::maxAbs(run(emptyLatent(64, 64, 1), o).latent.samples)))
            << schedule.name;
    }
}

TEST_F(SampleLatentTest, VariationLeadsFromOneSeedToAnother) {
    SampleOptions o = options();
    o.variation = 1;
    o.variationSeed = 77;
    SampleOptions other = options();
    other.seed = 77;
    const nn::Tensor end = run(emptyLatent(64, 64, 1), other).latent.samples;
    EXPECT_LT(apart(run(emptyLatent(64, 64, 1), o).latent.samples, end), 1e-2);
    o.variation = 0.3;
    const nn::Tensor between = run(emptyLatent(64, 64, 1), o).latent.samples;
    EXPECT_GT(apart(between, end), 0.1);
    EXPECT_GT(apart(between, run(emptyLatent(64, 64, 1), options()).latent.samples), 0.1);
}

TEST_F(SampleLatentTest, WrongNumbersAndShapesAreErrors) {
    SampleOptions o = options();
    o.sampler = "eulerish";
    test::expectError([&] { run(picture(), o); }, "sampler \"eulerish\" is unknown");
    o = options();
    o.denoise = 1.5;
    test::expectError([&] { run(picture(), o); }, "denoise is 1.5");
    o = options();
    o.cfg = NAN;
    test::expectError([&] { run(picture(), o); }, "cfg is nan");
    LatentBatch wrong;
    wrong.samples = noise({1, 16, 8, 8});
    test::expectError([&] { run(wrong, options()); }, "the latent has 16 channels");
    wrong.samples = noise({1, 4, 8, 8}).fill_(NAN);
    test::expectError([&] { run(wrong, options()); }, "no finite numbers");
    o = options();
    o.sampler = "euler_cfg_pp";
    test::expectError([&] { sampleLatent(m_model, m_positive, {}, picture(), o); },
                      "needs a negative prompt");
    test::expectError([] { emptyLatent(7, 64, 1); }, "width is 7 px");
    test::expectError([] { emptyLatent(64, 64, 0); }, "batch is 0");
}

TEST(SampleStarter, AnEmptyLatentTakesTheChannelsOfTheModelAndAnotherDoesNot) {
    const DiffusionModel model = test::smallModel("starter-small");
    Conditioning positive;
    positive.family = DiffusionFamily::Starter;
    positive.entries.emplace_back();
    positive.entries.back().states = noise({1, 24, 384}, 9);
    SampleOptions options;
    options.steps = 2;
    options.sampler = "dpmpp_2m";
    options.scheduler = "sgm_uniform";
    int previews = 0;
    SampleHooks hooks;
    hooks.preview = [&](int, int, const nn::Tensor& clean) {
        const Image image = previewLatent(clean.narrow(0, 0, 1), model.previewColors());
        EXPECT_EQ(image.width(), 16);
        EXPECT_EQ(image.height(), 8);
        ++previews;
    };
    const LatentBatch sampled = sampleLatent(model, positive, {}, emptyLatent(128, 64, 2), options, hooks).latent;
    EXPECT_EQ(sampled.samples.sizes(), (at::IntArrayRef{2, 8, 8, 16}));
    EXPECT_GT(nn::maxAbs(sampled.samples), 0.1);
    EXPECT_EQ(previews, 2);
    LatentBatch other;
    other.samples = noise({1, 4, 8, 8}, 3);
    test::expectError([&] { sampleLatent(model, positive, {}, other, options); }, "has 4 channels");
    test::expectError([&] { sampleLatent(test::smallModel(), prompt("a"), {}, sampled, options); }, "has 8 channels");
}

TEST(SampleStarter, WithoutColoursOfItsOwnThePreviewShowsTheFirstChannels) {
    auto checkpoint = std::make_shared<DiffusionCheckpoint>(*test::smallModel("starter-small").checkpoint);
    checkpoint->latentColors = "1 2 3, 4 5 6"; // of a latent of one channel
    const DiffusionModel model = DiffusionModel::of(checkpoint, "x");
    ASSERT_EQ(model.previewColors().channels.size(), 8u);
    const Image image = previewLatent(nn::fromValues(std::vector<float>{1, 0, -1, 9, 9, 9, 9, 9}, {1, 8, 1, 1}), model.previewColors());
    EXPECT_FLOAT_EQ(image.values()[0], 0.75f);
    EXPECT_FLOAT_EQ(image.values()[1], 0.5f);
    EXPECT_FLOAT_EQ(image.values()[2], 0.25f);
}

} // namespace
} // namespace ochre::models
