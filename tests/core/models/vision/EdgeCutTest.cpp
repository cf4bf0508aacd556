// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/EdgeCut.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "core/image/Color.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

/// A reddish disc of a quarter of the height in the middle of a greenish ground, both with grain.
Image disc(int width, int height, int channels = 3) {
    Image image(width, height, 3);
    float* p = image.edit().data();
    std::uint32_t noise = 7;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            noise = noise * 1664525 + 1013904223;
            const bool inside = std::hypot(x + 0.5 - width / 2.0, y + 0.5 - height / 2.0) < height / 4.0;
            for (const float v : inside ? std::array{0.7f, 0.2f, 0.15f} : std::array{0.25f, 0.5f, 0.3f})
                *p++ = v + 0.1f * static_cast<float>(noise >> 8) / 16777216.0f;
        }
    return withChannels(image, channels);
}

/// A blot in few pixels: `shift` of its radius beside the disc, larger or smaller by `growth`.
Image blot(double aspect, double shift, double growth, int side = 64) {
    const int width = std::max(1, static_cast<int>(side * std::min(1.0, aspect))), height = std::max(1, static_cast<int>(side / std::max(1.0, aspect)));
    Image likely(width, height, 1, ColorSpace::Raw);
    float* p = likely.edit().data();
    const double radius = growth * height / 4.0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const double beyond = std::hypot(x + 0.5 - width / 2.0 - shift * radius, y + 0.5 - height / 2.0) - radius;
            *p++ = static_cast<float>(1 / (1 + std::exp(beyond)));
        }
    return likely;
}

/// Share of the picture that is not as it should be.
double wrong(const Image& mask) {
    std::size_t count = 0;
    for (int y = 0; y < mask.height(); ++y)
        for (int x = 0; x < mask.width(); ++x)
            count += (mask.pixel(x, y)[0] > 0.5f) != (std::hypot(x + 0.5 - mask.width() / 2.0, y + 0.5 - mask.height() / 2.0) < mask.height() / 4.0);
    return static_cast<double>(count) / static_cast<double>(mask.pixelCount());
}

SegmentPrompt at(double x, double y) {
    return {.points = {{static_cast<float>(x), static_cast<float>(y)}}, .box = {}};
}

TEST(EdgeCut, ABlotBesideTheDiscIsBroughtToItsEdge) {
    for (const auto& [width, height] : {std::pair{300, 200}, {200, 300}, {1800, 1200}})
        for (const double shift : {0.0, 0.2})
            for (const double growth : {0.8, 1.2})
                EXPECT_LT(wrong(cutAtEdges(disc(width, height), blot(1.0 * width / height, shift, growth), at(width / 2.0, height / 2.0))), 0.004)
                    << width << " " << shift << " " << growth;
}

TEST(EdgeCut, PointsLeaveNoDoubt) {
    const Image image = disc(300, 200), likely = blot(1.5, 0, 1.2);
    SegmentPrompt prompt = at(150, 100);
    EXPECT_EQ(cutAtEdges(image, likely, prompt).pixel(150, 70)[0], 1);
    prompt.points.push_back({150, 70, false});
    const Image mask = cutAtEdges(image, likely, prompt);
    EXPECT_EQ(mask.pixel(150, 70)[0], 0);
    EXPECT_EQ(mask.pixel(150, 100)[0], 1);
    EXPECT_EQ(cutAtEdges(image, likely, at(210, 100)).pixel(210, 100)[0], 1) << "on the ground";
}

TEST(EdgeCut, WhereNothingIsLikelyNothingIsSelected) {
    const Image mask = cutAtEdges(disc(60, 40), Image(16, 11, 1, ColorSpace::Raw), at(30, 20));
    EXPECT_EQ(mask.width(), 60);
    EXPECT_EQ(std::ranges::max(mask.values()), 0);
}

TEST(EdgeCut, TheSameComesOutEachTime) {
    const Image first = cutAtEdges(disc(240, 160), blot(1.5, 0.1, 1), at(120, 80));
    EXPECT_TRUE(std::ranges::equal(first.values(), cutAtEdges(disc(240, 160), blot(1.5, 0.1, 1), at(120, 80)).values()));
}

TEST(EdgeCut, EveryKindOfPictureIsTaken) {
    for (const int channels : {1, 2, 3, 4})
        for (const auto& [width, height] : {std::pair{1, 1}, {2, 3}, {40, 1}, {90, 60}, {3, 900}}) {
            const Image mask = cutAtEdges(disc(width, height, channels), blot(1.0 * width / height, 0, 1), at(width, height));
            ASSERT_EQ(mask.width(), width);
            ASSERT_EQ(mask.height(), height);
            for (const float v : mask.values()) ASSERT_TRUE(v == 0 || v == 1) << v;
        }
    Image bad(50, 40, 3), likely = blot(1.25, 0, 1);
    std::ranges::fill(bad.edit(), std::numeric_limits<float>::quiet_NaN());
    EXPECT_NO_THROW(cutAtEdges(bad, likely, at(20, 20)));
    Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { cutAtEdges(disc(60, 40), likely, at(30, 20), cancel); }).cancelled());
}

} // namespace
} // namespace ochre::models
