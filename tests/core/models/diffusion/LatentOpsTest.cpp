// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers are those that ComfyUI's rules give with PyTorch 2.13, as fingerprints of all values.
#include "core/models/diffusion/LatentOps.h"

#include <gtest/gtest.h>

#include "tests/core/models/diffusion/Wave.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using nn::Tensor;

constexpr double kNear = 2e-4;

LatentBatch latentOf(Tensor samples) {
    LatentBatch latent;
    latent.samples = std::move(samples);
    return latent;
}

LatentBatch a() {
    return latentOf(wave({1, 4, 9, 11}));
}
LatentBatch b() {
    return latentOf(wave({1, 4, 6, 5}, 0.53, 1.0));
}
LatentBatch two() {
    return latentOf(wave({2, 4, 9, 11}, 0.21, 0.4));
}
Tensor softMask() {
    return wave({1, 1, 20, 30}, 0.11).mul(0.5).add(0.5);
}

TEST(LatentOps, ResizesByEveryMethod) {
    const struct {
        const char* name;
        double scaled, centred;
    } cases[] = {{"nearest", -10.048139, -1.609199},
                 {"bilinear", -5.489037, -0.274686},
                 {"area", -6.352462, 0.052429},
                 {"bicubic", -6.926755, -0.670815},
                 {"bislerp", -8.534759, -1.080306}};
    for (const auto& c : cases) {
        const LatentResize method = latentResizeFromName(c.name);
        const LatentBatch scaled = scaledBy(a(), 1.5, method);
        EXPECT_EQ(scaled.height(), 14) << "13.5 goes to the even number";
        EXPECT_EQ(scaled.width(), 16);
        EXPECT_NEAR(fingerprint(scaled.samples), c.scaled, kNear) << c.name;
        EXPECT_NEAR(fingerprint(resized(a(), 96, 64, method, true).samples), c.centred, kNear) << c.name;
    }
    EXPECT_EQ(latentResizeFromName("nearest-exact"), LatentResize::Nearest);
    test::expectError([] { latentResizeFromName("lanczos"); }, "lanczos");
}

TEST(LatentOps, ASideOf0KeepsTheProportions) {
    const LatentBatch latent = latentOf(wave({1, 4, 16, 24}));
    const LatentBatch wide = resized(latent, 384, 0, LatentResize::Nearest, false);
    EXPECT_EQ(wide.width(), 48);
    EXPECT_EQ(wide.height(), 32);
    EXPECT_EQ(resized(latent, 0, 64, LatentResize::Nearest, false).width(), 12);
    EXPECT_EQ(nn::maxAbsDifference(resized(latent, 0, 0, LatentResize::Area, false).samples, latent.samples),
              0);
    EXPECT_EQ(resized(latent, 8, 8, LatentResize::Area, false).width(), 8) << "64 pixels are the least";
    test::expectError([&] { resized(latent, -8, 64, LatentResize::Area, false); }, "-8×64");
    test::expectError([&] { scaledBy(latent, 0.01, LatentResize::Area); }, "0×0");
    test::expectError([&] { resizeCenter(wave({1, 4, 200, 2}), 200, 1, LatentResize::Area); }, "2×200");
}

TEST(LatentOps, CompositesWithAFeatherAsComfyUi) {
    const struct {
        CompositeOptions options;
        double print;
    } cases[] = {{{.x = 24, .y = 16}, -5.100264},
                 {{.x = 24, .y = 16, .feather = 16}, 1.298922},
                 {{.x = 24, .y = 16, .feather = 72}, 1.925717}, // longer than the source
                 {{.x = 72, .y = 48, .feather = 24}, 2.943835}, // cut off right and below
                 {{.x = 0, .y = 0, .feather = 24}, 8.139178}};
    for (const auto& c : cases)
        EXPECT_NEAR(fingerprint(composite(a(), b(), c.options).samples), c.print, kNear)
            << c.options.x << " " << c.options.feather;
}

TEST(LatentOps, CompositesThroughAMaskAsComfyUi) {
    CompositeOptions options{.x = 40, .y = 40, .mask = softMask()};
    EXPECT_NEAR(fingerprint(composite(a(), b(), options).samples), 1.915945, kNear);
    options = {.resizeSource = true, .mask = softMask()};
    EXPECT_NEAR(fingerprint(composite(a(), b(), options).samples), -0.717032, kNear);
    options = {.x = 16, .y = 8, .mask = softMask()};
    EXPECT_NEAR(fingerprint(composite(two(), b(), options).samples), -2.431208, kNear);
}

TEST(LatentOps, ACompositeThatLiesOutsideChangesNothing) {
    const LatentBatch base = a();
    EXPECT_EQ(nn::maxAbsDifference(composite(base, b(), {.x = 4000}).samples, base.samples), 0);
    test::expectError([&] { composite(base, b(), {.x = -8}); }, "-8");
}

TEST(LatentOps, Arithmetic) {
    EXPECT_NEAR(fingerprint(blended(a(), latentOf(wave({1, 4, 7, 11}, 0.53, 1.0)), 0.3).samples), 0.734436,
                kNear);
    EXPECT_NEAR(fingerprint(added(a(), b()).samples), -33.014870, kNear);
    EXPECT_NEAR(fingerprint(subtracted(two(), b()).samples), -79.081278, kNear);
    EXPECT_NEAR(fingerprint(multiplied(a(), -2).samples), -2 * fingerprint(a().samples), kNear);
    test::expectError([] { blended(two(), latentOf(wave({3, 4, 9, 11})), 0.5); }, "cannot be joined");
}

TEST(LatentOps, InterpolatesDirectionAndLengthApart) {
    LatentBatch hole = a(); // a pixel of length 0 has no direction
    hole.samples.narrow(2, 3, 1).narrow(3, 4, 1).zero_();
    EXPECT_NEAR(fingerprint(interpolated(hole, latentOf(wave({1, 4, 9, 11}, 0.21, 0.4)), 0.3).samples),
                3.971649, kNear);
    EXPECT_NEAR(fingerprint(interpolated(two(), a(), 0.75).samples), 0.123688, kNear);
    EXPECT_LT(nn::maxAbsDifference(interpolated(a(), b(), 1).samples, a().samples), 1e-6);
}

TEST(LatentOps, CropsFlipsAndTurns) {
    const Tensor count = nn::linspace(0, 4 * 16 * 24 - 1, 4 * 16 * 24).view({1, 4, 16, 24});
    const LatentBatch latent = latentOf(count);
    const auto at = [](const LatentBatch& l, int y, int x) { return l.samples[0][0][y][x].item<float>(); };
    const LatentBatch part = cropped(latent, 80, 64, 40, 24);
    EXPECT_EQ(part.width(), 10);
    EXPECT_EQ(part.height(), 8);
    EXPECT_EQ(at(part, 0, 0), 3 * 24 + 5);
    // 64 pixels are always left.
    const LatentBatch corner = cropped(latent, 512, 512, 4096, 4096);
    EXPECT_EQ(corner.width(), 8);
    EXPECT_EQ(corner.height(), 8);
    EXPECT_EQ(at(corner, 7, 7), 16 * 24 - 1);
    EXPECT_EQ(cropped(b(), 512, 512, 64, 64).width(), 5) << "a small latent stays whole";
    EXPECT_EQ(at(flipped(latent, FlipAxis::Vertical), 0, 1), 15 * 24 + 1);
    EXPECT_EQ(at(flipped(latent, FlipAxis::Horizontal), 1, 0), 24 + 23);
    const LatentBatch turned = rotated(latent, 90);
    EXPECT_EQ(turned.width(), 16);
    EXPECT_EQ(at(turned, 0, 0), 15 * 24) << "what was below is on the left above";
    EXPECT_EQ(at(rotated(latent, 270), 0, 0), 23);
    EXPECT_TRUE(turned.samples.is_contiguous());
    test::expectError([&] { rotated(latent, 45); }, "45");
    test::expectError([&] { cropped(latent, 4, 64, 0, 0); }, "4×64");
}

TEST(LatentOps, BatchesKeepTheNumbersOfTheirPictures) {
    LatentBatch four = latentOf(wave({4, 4, 2, 3}));
    four.noiseMask = wave({4, 1, 5, 5});
    const LatentBatch picked = fromBatch(four, 2, 9);
    EXPECT_EQ(picked.batchIndex, (std::vector<int>{2, 3}));
    EXPECT_EQ(nn::maxAbsDifference(picked.samples, four.samples.narrow(0, 2, 2)), 0);
    EXPECT_EQ(nn::maxAbsDifference(picked.noiseMask, four.noiseMask.narrow(0, 2, 2)), 0);
    EXPECT_EQ(fromBatch(picked, 1, 1).batchIndex, std::vector<int>{3});
    EXPECT_EQ(fromBatch(four, 70, 1).batchIndex, std::vector<int>{3}) << "no further than the last";

    const LatentBatch twice = repeated(picked, 2);
    EXPECT_EQ(twice.batchIndex, (std::vector<int>{2, 3, 4, 5}));
    EXPECT_EQ(twice.noiseMask.size(0), 4);
    EXPECT_TRUE(repeated(four, 3).batchIndex.empty()) << "one draw of all";

    const LatentBatch joined = batched(picked, latentOf(wave({1, 4, 4, 6})));
    EXPECT_EQ(joined.batchIndex, (std::vector<int>{2, 3, 0}));
    EXPECT_EQ(joined.count(), 3);
    EXPECT_EQ(joined.width(), 3);
    EXPECT_EQ(joined.noiseMask.size(0), 3);
    test::expectError([&] { fromBatch(four, 0, 0); }, "0 pictures");
    test::expectError([&] { repeated(four, 0); }, "0 times");
}

TEST(LatentOps, HowAPictureWasSampledStaysKnown) {
    LatentBatch plain = a(), sampled = a();
    sampled.parameters = "Steps: 20";
    EXPECT_EQ(scaledBy(sampled, 2, LatentResize::Nearest).parameters, "Steps: 20");
    EXPECT_EQ(added(plain, sampled).parameters, "Steps: 20");
    EXPECT_EQ(blended(plain, sampled, 0.5).parameters, "Steps: 20");
    EXPECT_EQ(composite(plain, sampled, {}).parameters, "Steps: 20");
    EXPECT_EQ(batched(plain, sampled).parameters, "Steps: 20");
    EXPECT_TRUE(added(plain, plain).parameters.empty());
}

TEST(LatentOps, InputsAreNotWritten) {
    const LatentBatch first = a(), second = b();
    const double before = fingerprint(first.samples) + fingerprint(second.samples);
    composite(first, second, {.x = 8, .feather = 16});
    blended(first, second, 0.5);
    interpolated(first, second, 0.5);
    multiplied(first, 3);
    EXPECT_EQ(fingerprint(first.samples) + fingerprint(second.samples), before);
}

} // namespace
} // namespace ochre::models
