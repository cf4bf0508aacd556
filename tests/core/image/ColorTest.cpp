// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Color.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/image/Compare.h"
#include "tests/core/image/Pictures.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using namespace test;

TEST(Color, TransferFunctionsMeetPublishedValuesAndInvert) {
    EXPECT_NEAR(srgbToLinear(0.5f), 0.214041f, 1e-6);
    EXPECT_NEAR(linearToSrgb(0.18f), 0.461356f, 1e-6);
    EXPECT_NEAR(rec709ToLinear(0.5f), 0.259589f, 1e-6);
    EXPECT_EQ(srgbToLinear(1), 1);
    EXPECT_EQ(linearToSrgb(0), 0);
    for (float v = -1; v <= 4; v += 0.01f) {
        EXPECT_NEAR(linearToSrgb(srgbToLinear(v)), v, 1e-5);
        EXPECT_NEAR(linearToRec709(rec709ToLinear(v)), v, 1e-5);
    }
}

TEST(Color, ConvertingLeavesAlphaAndRawAlone) {
    Image image = noise(9, 9, 4);
    const Image linear = toColorSpace(image, ColorSpace::Linear);
    EXPECT_EQ(linear.pixel(3, 3)[3], image.pixel(3, 3)[3]);
    EXPECT_NEAR(linear.pixel(3, 3)[0], srgbToLinear(image.pixel(3, 3)[0]), 1e-7);
    EXPECT_LT(maxDifference(toColorSpace(linear, ColorSpace::Srgb), image), 1e-5);
    image.setColorSpace(ColorSpace::Raw);
    EXPECT_EQ(maxDifference(toColorSpace(image, ColorSpace::Linear), image), 0);
}

TEST(Color, PremultiplyingInvertsWhereThereIsAlpha) {
    Image image = noise(16, 16, 4);
    for (std::size_t i = 3; i < image.valueCount(); i += 4)
        image.edit()[i] = 0.25f + 0.75f * image.values()[i];
    EXPECT_LT(maxDifference(unpremultiplied(premultiplied(image)), image), 1e-6);
}

TEST(Color, EightBitDisplayRoundsHalfUpAndClamps) {
    Image image(4, 1, 1);
    const float v[] = {0.5f / 255, 0.49f / 255, 2, -1};
    std::copy(std::begin(v), std::end(v), image.edit().begin());
    EXPECT_EQ(toRgb8(image), (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0, 255, 255, 255, 0, 0, 0}));
    Image clear(1, 1, 4);
    EXPECT_EQ(toRgb8(clear, {1, 0.5f, 0}), (std::vector<std::uint8_t>{255, 128, 0}));
}

TEST(Color, ChannelsGrowAndShrink) {
    Image rgb = noise(5, 5, 3);
    const Image rgba = withChannels(rgb, 4);
    EXPECT_EQ(rgba.pixel(2, 2)[3], 1);
    EXPECT_EQ(maxDifference(withChannels(rgba, 3), rgb), 0);
    EXPECT_NEAR(withChannels(rgb, 1).pixel(1, 1)[0], luminance(rgb).pixel(1, 1)[0], 0);
    const Image mask = alphaOf(rgba);
    EXPECT_EQ(mask.colorSpace(), ColorSpace::Raw);
    EXPECT_EQ(maxDifference(withAlpha(rgb, mask), rgba), 0);
    expectError([&] { withAlpha(rgb, Image(4, 5, 1)); }, "4×5");
    const int wrong[] = {3};
    expectError([&] { selectChannels(rgb, wrong); }, "channel 3");
}

TEST(Color, NeutralAdjustmentsChangeNothing) {
    const Image image = noise(16, 16, 4);
    EXPECT_EQ(maxDifference(adjustColor(image, {}), image), 0);
    EXPECT_LT(maxDifference(levels(image, {}), image), 1e-6);
    const CurvePoint line[] = {{0, 0}, {0.3f, 0.3f}, {1, 1}};
    EXPECT_LT(maxDifference(curve(image, line), image), 1e-5);
    EXPECT_LT(maxDifference(invert(invert(image)), image), 1e-6);
    ColorAdjustment turn;
    turn.hue = 360;
    EXPECT_LT(maxDifference(adjustColor(image, turn), image), 1e-5);
}

TEST(Color, AdjustmentsDoWhatTheySay) {
    Image image(1, 1, 3);
    const float v[] = {0.6f, 0.3f, 0.1f};
    std::copy(std::begin(v), std::end(v), image.edit().begin());
    ColorAdjustment stop;
    stop.exposure = 1;
    EXPECT_NEAR(srgbToLinear(adjustColor(image, stop).pixel(0, 0)[0]), 2 * srgbToLinear(0.6f), 1e-5);
    ColorAdjustment grey;
    grey.saturation = 0;
    const Image flat = adjustColor(image, grey);
    EXPECT_NEAR(flat.pixel(0, 0)[0], flat.pixel(0, 0)[2], 1e-6);
    ColorAdjustment warm;
    warm.temperature = 0.5f;
    EXPECT_GT(adjustColor(image, warm).pixel(0, 0)[0], 0.6f);
    EXPECT_LT(adjustColor(image, warm).pixel(0, 0)[2], 0.1f);
    ColorAdjustment gamma;
    gamma.gamma = 2;
    EXPECT_NEAR(adjustColor(image, gamma).pixel(0, 0)[1], std::sqrt(0.3f), 1e-6);
    EXPECT_NEAR(levels(image, {0.1f, 0.6f, 1, 0, 1}).pixel(0, 0)[1], 0.4f, 1e-6);
    EXPECT_EQ(threshold(image, 0.2f).pixel(0, 0)[0], 1);
    EXPECT_EQ(threshold(image, 0.9f).pixel(0, 0)[0], 0);
    expectError([&] { levels(image, {0.5f, 0.5f, 1, 0, 1}); }, "0.5");
    gamma.gamma = 0;
    expectError([&] { adjustColor(image, gamma); }, "gamma 0");
}

} // namespace
} // namespace ochre
