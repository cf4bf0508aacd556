// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/GenerateGraph.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"

namespace ochre::app {
namespace {

constexpr const nodes::FamilyDefaults& kStarter = nodes::familyDefaults("starter");
constexpr const nodes::FamilyDefaults& kSdxl = nodes::familyDefaults("sdxl");

TEST(GenerateGraph, WhatIsDrawnHasTheAreaThatTheModelLikesAndTheProportionsOfThePicture) {
    EXPECT_EQ(drawnSize({512, 512}, kStarter), (PictureSize{128, 128}));
    EXPECT_EQ(drawnSize({64, 64}, kStarter), (PictureSize{128, 128}));
    EXPECT_EQ(drawnSize({1024, 256}, kStarter), (PictureSize{256, 64}));
    for (const PictureSize wanted : {PictureSize{640, 480}, {480, 640}, {1920, 1080}, {300, 900}, {9000, 10}}) {
        const PictureSize drawn = drawnSize(wanted, kStarter);
        EXPECT_EQ(drawn.width % 32, 0);
        EXPECT_EQ(drawn.height % 32, 0);
        EXPECT_NEAR(std::log2(static_cast<double>(drawn.width * drawn.height) / (128 * 128)), 0, 0.6);
        const double proportion = std::clamp(static_cast<double>(wanted.width) / static_cast<double>(wanted.height), 0.25, 4.0);
        EXPECT_NEAR(std::log2(static_cast<double>(drawn.width) / static_cast<double>(drawn.height) / proportion), 0, 0.25)
            << wanted.width << "x" << wanted.height;
    }
}

TEST(GenerateGraph, SettingsFollowTheModelUnlessTheyAreGiven) {
    const test::TemporaryFolder folder;
    const test::Setting models("OCHRE_MODELS_DIR", folder.path().string());
    GenerateOptions options;
    GeneratePlan plan = planOf(options, kStarter);
    EXPECT_EQ(plan.cfg, 3);
    EXPECT_EQ(plan.sampler, "dpmpp_2m");
    EXPECT_EQ(plan.scheduler, "sgm_uniform");
    EXPECT_EQ(plan.drawn, (PictureSize{128, 128}));
    EXPECT_EQ(plan.wanted, (PictureSize{512, 512}));
    EXPECT_EQ(plan.upscaler, "") << "it is not in the models folder";
    writeFileAtomic(folder / "realesr-animevideov3-x4.safetensors", "x");
    EXPECT_EQ(planOf(options, kStarter).upscaler, "realesr-animevideov3-x4");
    EXPECT_EQ(planOf(options, kSdxl).drawn, (PictureSize{1024, 1024}));
    EXPECT_FALSE(planOf(options, kSdxl).wanted);
    options.cfg = 5;
    options.sampler = "euler";
    options.size = "128x128";
    plan = planOf(options, kStarter);
    EXPECT_EQ(plan.cfg, 5);
    EXPECT_EQ(plan.sampler, "euler");
    EXPECT_FALSE(plan.wanted) << "as it is drawn";
    options.size = "64x64";
    plan = planOf(options, kStarter);
    EXPECT_EQ(plan.wanted, (PictureSize{64, 64}));
    EXPECT_EQ(plan.upscaler, "") << "nothing is to be enlarged";
    options.size = "0x64";
    test::expectError([&] { planOf(options, kStarter); }, "0x64");
}

TEST(GenerateGraph, APictureToBeginWithKeepsItsSize) {
    const test::TemporaryFolder folder;
    writeImage(Image(96, 48, 3), folder / "in.png");
    GenerateOptions options;
    options.init = folder / "in.png";
    EXPECT_FALSE(planOf(options, kSdxl).drawn) << "it goes to the model as it is";
    const GeneratePlan plan = planOf(options, kStarter);
    EXPECT_EQ(plan.drawn, (PictureSize{192, 96}));
    EXPECT_EQ(plan.wanted, (PictureSize{96, 48}));
}

} // namespace
} // namespace ochre::app
