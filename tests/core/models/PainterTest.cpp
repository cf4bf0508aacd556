// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Painter.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/image/Compare.h"
#include "core/tensor/Attention.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

Painter smallPainter() {
    const auto weights =
        tensor::Weights::open(test::sourceFile("tests/parity/painter/batch2_windows/weights.safetensors"));
    return {weights, Painter::Config::fromWeights(weights).value()};
}

Image ramp(int width, int height, float phase) {
    Image image(width, height, 3);
    float place = phase;
    for (float& value : image.edit()) value = 0.5f + 0.5f * std::sin(place += 0.1f);
    return image;
}

TEST(Painter, PaintsAPictureOfTheSizeThatItWasGiven) {
    const Image painted = paintLike(smallPainter(), ramp(70, 31, 0), ramp(48, 48, 1), ramp(20, 90, 2));
    EXPECT_EQ(painted.width(), 70);
    EXPECT_EQ(painted.height(), 31);
    EXPECT_EQ(painted.channels(), 3);
    const auto values = painted.values();
    EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](float value) { return value >= 0 && value <= 1; }));
}

TEST(Painter, FollowsBothPicturesOfThePrompt) {
    const Painter painter = smallPainter();
    const Image picture = ramp(48, 48, 0), before = ramp(48, 48, 1), after = ramp(48, 48, 2), other = ramp(48, 48, 3);
    const Image painted = paintLike(painter, picture, before, after);
    EXPECT_GT(maxDifference(painted, paintLike(painter, picture, other, after)), 1e-3);
    EXPECT_GT(maxDifference(painted, paintLike(painter, picture, before, other)), 1e-3);
    EXPECT_EQ(maxDifference(painted, paintLike(painter, picture, before, after)), 0);
}

TEST(Painter, WrongPicturesAreNamed) {
    const Painter painter = smallPainter();
    const Image good = ramp(48, 48, 0);
    Image bad = good;
    bad.edit()[3 * (48 * 5 + 7) + 1] = std::nanf("");
    test::expectError([&] { paintLike(painter, good, bad, good); }, "the prompt's first picture: the pixel at (7, 5) is nan");
    test::expectError([&] { paintLike(painter, good, good, {}); }, "the prompt's second picture is missing");
    const nn::Tensor image = nn::range(0, 3 * 32 * 32).view({1, 3, 32, 32}).to(at::kFloat);
    test::expectError([&] { painter.forward(image, image, image); }, "expected [1, 3, 96, 48]");
}

} // namespace
} // namespace ochre::models
