// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/GrabCut.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/image/Color.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

/// A reddish disc at the middle third of a greenish ground, both with some grain; a second disc of the same
/// red at the right.
Image discs(int width, int height, int channels = 3, float roughness = 0.06f) {
    Image image(width, height, 3);
    float* p = image.edit().data();
    std::uint32_t noise = 7;
    const double radius = height / 4.0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            noise = noise * 1664525 + 1013904223;
            const float grain = roughness * static_cast<float>(noise >> 8) / 16777216.0f;
            const auto in = [&](double cx) {
                return std::hypot(x + 0.5 - cx, y + 0.5 - height / 2.0) < radius;
            };
            const bool disc = in(width / 3.0) || in(width * 0.85);
            for (const float v : disc ? std::array{0.7f, 0.2f, 0.15f} : std::array{0.25f, 0.5f, 0.3f})
                *p++ = v + grain;
        }
    return withChannels(image, channels);
}

/// Share of the picture whose pixels are not as they should be.
double wrong(const Image& mask, double middle, bool inside = true) {
    const double radius = mask.height() / 4.0;
    std::size_t count = 0;
    for (int y = 0; y < mask.height(); ++y)
        for (int x = 0; x < mask.width(); ++x)
            count += (mask.pixel(x, y)[0] > 0.5f) !=
                     (inside == (std::hypot(x + 0.5 - middle, y + 0.5 - mask.height() / 2.0) < radius));
    return static_cast<double>(count) / static_cast<double>(mask.pixelCount());
}

SegmentPoint at(double x, double y, bool belongs = true) {
    return {static_cast<float>(x), static_cast<float>(y), belongs};
}

TEST(GrabCut, APointSelectsTheDiscThatItLiesOnAndABoxWhatItHolds) {
    const Image image = discs(300, 200);
    EXPECT_LT(wrong(grabCut(image, {.points = {at(100, 100)}}), 100), 0.002);
    EXPECT_LT(wrong(grabCut(image, {.points = {at(255, 100)}}), 255), 0.002);
    EXPECT_LT(wrong(grabCut(image, {.box = SegmentBox{40, 40, 160, 160}}), 100), 0.002);
    const Image both = grabCut(image, {.points = {at(100, 100), at(255, 100)}});
    EXPECT_EQ(both.pixel(100, 100)[0], 1);
    EXPECT_EQ(both.pixel(255, 100)[0], 1);
    EXPECT_EQ(both.pixel(180, 100)[0], 0);
}

TEST(GrabCut, WhatDoesNotBelongIsLeftOut) {
    const Image image = discs(300, 200);
    const SegmentBox wide{40, 40, 299, 160};
    EXPECT_EQ(grabCut(image, {.box = wide}).pixel(255, 100)[0], 1);
    const Image mask = grabCut(image, {.points = {at(255, 100, false)}, .box = wide});
    EXPECT_EQ(mask.pixel(255, 100)[0], 0);
}

TEST(GrabCut, EdgesOfALargePictureAreItsOwn) {
    const Image image = discs(1920, 1280);
    const double middle = 1920 / 3.0;
    EXPECT_LT(wrong(grabCut(image, {.points = {at(middle, 640)}}), middle), 0.002)
        << "a third of a small pixel all around";
}

TEST(GrabCut, APatternBelongsToWhatItIsOn) {
    EXPECT_LT(wrong(grabCut(discs(300, 200, 3, 0.3f), {.points = {at(100, 100)}}), 100), 0.01);
}

TEST(GrabCut, TheSameComesOutEachTime) {
    const Image image = discs(240, 160);
    const Image first = grabCut(image, {.points = {at(80, 80)}});
    grabCut(discs(100, 90), {.box = SegmentBox{10, 10, 60, 60}});
    EXPECT_TRUE(std::ranges::equal(first.values(), grabCut(image, {.points = {at(80, 80)}}).values()));
}

TEST(GrabCut, EveryKindOfPictureAndPromptIsTaken) {
    for (const int channels : {1, 2, 3, 4})
        for (const auto& [width, height] : {std::pair{1, 1}, {2, 3}, {40, 1}, {90, 60}, {3, 900}}) {
            const Image image = discs(width, height, channels);
            const auto w = static_cast<float>(width), h = static_cast<float>(height);
            for (const SegmentPrompt& prompt :
                 {SegmentPrompt{.points = {at(0, 0)}},
                  SegmentPrompt{.points = {at(w, h)}, .box = SegmentBox{0, 0, w, h}},
                  SegmentPrompt{.box = SegmentBox{0, 0, w, h}},
                  SegmentPrompt{.points = {at(0, 0), at(0, 0, false)}},
                  SegmentPrompt{.box = SegmentBox{-5, -5, w + 9, h + 9}}}) {
                const Image mask = grabCut(image, prompt);
                ASSERT_EQ(mask.width(), width);
                ASSERT_EQ(mask.height(), height);
                for (const float v : mask.values()) ASSERT_TRUE(v == 0 || v == 1) << v;
            }
        }
    Image flat(50, 40, 3);
    EXPECT_NO_THROW(grabCut(flat, {.points = {at(20, 20)}}));
    std::ranges::fill(flat.edit(), std::numeric_limits<float>::quiet_NaN());
    EXPECT_NO_THROW(grabCut(flat, {.box = SegmentBox{5, 5, 20, 20}}));
}

TEST(GrabCut, WithoutWhatBelongsNothingIsSelected) {
    const Image mask = grabCut(discs(60, 40), {.points = {at(20, 20, false)}});
    EXPECT_EQ(std::ranges::max(mask.values()), 0);
}

TEST(GrabCut, WrongPromptsAreNamedAndItCanBeStopped) {
    const Image image = discs(60, 40);
    test::expectError([&] { grabCut(image, {}); }, "nothing says");
    test::expectError([&] { grabCut({}, {.points = {at(1, 1)}}); }, "no picture");
    test::expectError([&] { grabCut(image, {.points = {at(61, 2)}}); }, "61,2");
    test::expectError([&] { grabCut(image, {.box = SegmentBox{9, 9, 9, 12}}); }, "no area");
    Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { grabCut(image, {.points = {at(20, 20)}}, {}, cancel); }).cancelled());
}

} // namespace
} // namespace ochre::models
