// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Degradation.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/training/data/CutoutScenes.h"
#include "core/training/data/PicturePairs.h"
#include "tests/core/training/DrawnPictures.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

Pixels flat(int width, int height, std::uint8_t value) {
    return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), value)};
}

Pixels drawn(int width, int height) {
    Pixels pixels{width, height, {}};
    const Image picture = drawnPicture(7, width, height);
    for (const float value : picture.values())
        pixels.rgb.push_back(static_cast<std::uint8_t>(std::lround(255 * value)));
    return pixels;
}

double mean(const Pixels& pixels) {
    double sum = 0;
    for (const std::uint8_t value : pixels.rgb) sum += value;
    return sum / static_cast<double>(pixels.rgb.size());
}

/// Root of the mean square difference.
double distance(const Pixels& a, const Pixels& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += (a.rgb[i] - b.rgb[i]) * (a.rgb[i] - b.rgb[i]);
    return std::sqrt(sum / static_cast<double>(a.rgb.size()));
}

TEST(Degradation, TheSameNumbersGiveTheSamePictureAndOthersAnother) {
    for (const std::string& name : degradationNames()) {
        const Degradation kind = degradationFromName(name);
        const auto after = [&](std::uint64_t draw) {
            Pixels pixels = drawn(40, 30);
            Draw numbers(1, 2, draw);
            degrade(pixels, kind, numbers);
            return pixels.rgb;
        };
        EXPECT_EQ(after(3), after(3)) << name;
        EXPECT_NE(after(3), after(4)) << name;
    }
    test::expectError([] { degradationFromName("rain"); }, "\"rain\" is no degradation");
}

TEST(Degradation, NoiseIsOfTheStatedStrengthAndLeavesTheMean) {
    double least = 1e9, most = 0;
    for (std::uint64_t n = 0; n < 40; ++n) {
        Pixels pixels = flat(64, 64, 128);
        Draw numbers(1, n, 0);
        degrade(pixels, Degradation::NoiseJpeg, numbers);
        EXPECT_NEAR(mean(pixels), 128, 2.5);
        least = std::min(least, distance(pixels, flat(64, 64, 128)));
        most = std::max(most, distance(pixels, flat(64, 64, 128)));
    }
    EXPECT_LT(least, 6); // JPEG takes some of it away
    EXPECT_GT(most, 12);
    EXPECT_LT(most, 30);
}

TEST(Degradation, JpegHurtsTheMoreTheLowerItsQualityAndLeavesFlatPicturesAlone) {
    const Pixels before = drawn(61, 45); // no multiple of its blocks
    double last = 0;
    for (const int quality : {98, 80, 50, 20, 5}) {
        Pixels after = before;
        compressAsJpeg(after, quality);
        ASSERT_EQ(after.rgb.size(), before.rgb.size());
        EXPECT_GT(distance(after, before), last) << quality;
        last = distance(after, before);
    }
    EXPECT_LT(last, 40);
    Pixels grey = flat(17, 9, 90);
    compressAsJpeg(grey, 90);
    for (const std::uint8_t value : grey.rgb) EXPECT_NEAR(value, 90, 1);
    Pixels one = flat(1, 1, 200);
    compressAsJpeg(one, 90);
    EXPECT_NEAR(one.rgb[0], 200, 2);
}

TEST(Degradation, LowLightIsTwoToFourAndAHalfStopsDarker) {
    for (std::uint64_t n = 0; n < 20; ++n) {
        Pixels pixels = flat(32, 32, 200);
        Draw numbers(2, n, 0);
        degrade(pixels, Degradation::LowLight, numbers);
        EXPECT_GT(mean(pixels), 40); // 200 is light 0.58; 4.5 stops less is 0.026, about 45
        EXPECT_LT(mean(pixels), 115);
    }
}

TEST(PicturePairs, HoldAPartAndItsDegradedSelf) {
    const test::TemporaryFolder folder;
    makePictures(folder.path(), 3, 50, 40);
    for (const double least : {0.0, 0.5}) {
        const PicturePairs pairs(folder.path(), {.side = 32, .degradation = Degradation::LowLight, .least = least});
        ASSERT_EQ(pairs.size(), 3u);
        const Example example = pairs.example(1, 5);
        EXPECT_EQ(example.channels, 6);
        ASSERT_EQ(example.pixels.size(), 6u * 32 * 32);
        EXPECT_EQ(example.pixels, pairs.example(1, 5).pixels);
        EXPECT_NE(example.pixels, pairs.example(1, 6).pixels);
        double given = 0, wanted = 0;
        for (std::size_t i = 0; i < example.pixels.size(); ++i) (i % 6 < 3 ? given : wanted) += example.pixels[i];
        EXPECT_LT(given, 0.75 * wanted);
    }
    const PicturePairs larger(folder.path(), {.side = 96, .degradation = Degradation::NoiseJpeg});
    EXPECT_EQ(larger.example(0, 0).pixels.size(), 6u * 96 * 96) << "small pictures go on mirrored";
    test::expectError([&] { PicturePairs(folder / "nowhere", {}); }, "cannot be listed");
    std::filesystem::create_directories(folder / "empty");
    test::expectError([&] { PicturePairs(folder / "empty", {}); }, "holds no picture");
}

TEST(CutoutScenes, EveryObjectThatIsSeenHasItsNumber) {
    const test::TemporaryFolder folder;
    const auto pictures = makePictures(folder / "pictures", 2, 80, 60), cutouts = makeCutouts(folder / "cutouts", 4);
    const CutoutScenes scenes({pictures}, {cutouts}, {.side = 64, .cutoutsAlone = true});
    bool several = false;
    for (std::uint64_t n = 0; n < 20; ++n) {
        const Example scene = scenes.example(n % 2, n);
        EXPECT_EQ(scene.pixels, scenes.example(n % 2, n).pixels);
        std::uint8_t most = 0;
        for (std::size_t i = 3; i < scene.pixels.size(); i += 4) most = std::max(most, scene.pixels[i]);
        EXPECT_GE(most, 1);
        EXPECT_LE(most, 3);
        several = several || most > 1;
    }
    EXPECT_TRUE(several);
}

TEST(CutoutScenes, OfSeveralFoldersEachGivesAsManyObjects) {
    const test::TemporaryFolder folder;
    const auto pictures = makePictures(folder / "pictures", 2, 80, 60), more = makePictures(folder / "more", 3, 60, 80);
    const auto plainCutouts = [&](const char* name, int count, std::size_t channel) {
        std::filesystem::create_directories(folder / name);
        for (int i = 0; i < count; ++i) {
            Image square(20, 20, 4);
            for (std::size_t k = 0; k < square.valueCount(); ++k) square.edit()[k] = k % 4 == channel || k % 4 == 3 ? 1.0f : 0.0f;
            writeImage(square, folder / name / fmt::format("{}.png", i));
        }
        return folder / name;
    };
    const auto red = plainCutouts("red", 1, 0), blue = plainCutouts("blue", 12, 2);
    const CutoutSceneOptions options{.side = 64, .cutoutsAlone = true, .most = 1};
    const CutoutScenes scenes({pictures, more}, {red, blue}, options);
    EXPECT_EQ(scenes.size(), 5u);
    int reds = 0, all = 0;
    for (std::uint64_t n = 0; n < 60; ++n) {
        const Example scene = scenes.example(n % 5, n);
        const auto click = clickOnLargest(scene, 1);
        if (!click) continue;
        const std::uint8_t* color = &scene.pixels[4 * static_cast<std::size_t>(64 * click->y + click->x)];
        reds += color[0] > color[2];
        ++all;
    }
    EXPECT_GT(all, 50);
    EXPECT_GT(reds, all / 3) << "one file of thirteen, but one folder of two";
    EXPECT_LT(reds, all * 2 / 3);
    test::expectError([&] { CutoutScenes({pictures}, {red, folder / "nowhere"}, options); }, "cannot be listed");
}

TEST(CutoutScenes, WhatVariesHasOtherColorsAndIsTheSameEachTime) {
    const test::TemporaryFolder folder;
    const auto pictures = makePictures(folder / "pictures", 2, 80, 60), cutouts = makeCutouts(folder / "cutouts", 4);
    const CutoutScenes plain({pictures}, {cutouts}, {.side = 64, .cutoutsAlone = true}), varied({pictures}, {cutouts}, {.side = 64, .cutoutsAlone = true, .vary = true});
    double least = 255, most = 0;
    for (std::uint64_t n = 0; n < 10; ++n) {
        const Example scene = varied.example(0, n), before = plain.example(0, n);
        EXPECT_EQ(scene.pixels, varied.example(0, n).pixels);
        EXPECT_NE(scene.pixels, before.pixels);
        double difference = 0;
        for (std::size_t i = 0; i < scene.pixels.size(); i += 4) difference += scene.pixels[i] - before.pixels[i];
        least = std::min(least, difference / 4096);
        most = std::max(most, difference / 4096);
    }
    EXPECT_LT(least, -5) << "darker";
    EXPECT_GT(most, 5) << "brighter";
}

TEST(CutoutScenes, AClickLiesDeepInsideTheLargestObject) {
    Example scene{9, 7, 4, std::vector<std::uint8_t>(4 * 63), {}};
    const auto mark = [&](int x, int y, std::uint8_t number) { scene.pixels[static_cast<std::size_t>(4 * (9 * y + x) + 3)] = number; };
    EXPECT_FALSE(clickOnLargest(scene, 1));
    for (int y = 1; y < 6; ++y)
        for (int x = 1; x < 6; ++x) mark(x, y, 2);
    for (int y = 0; y < 7; ++y) mark(8, y, 1);
    const auto click = clickOnLargest(scene, 25);
    ASSERT_TRUE(click);
    EXPECT_EQ(click->object, 2);
    EXPECT_EQ(click->x, 3);
    EXPECT_EQ(click->y, 3);
    EXPECT_FALSE(clickOnLargest(scene, 26));
}

} // namespace
} // namespace ochre::training
