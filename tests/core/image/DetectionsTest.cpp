// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Detections.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/Support.h"

namespace ochre {
namespace {

Detection box(float left, float top, float right, float bottom, float score, int kind = 0) {
    return {left, top, right, bottom, score, kind, "class " + std::to_string(kind)};
}

TEST(Detections, OverlapIsTheSharedPartOfBothAreas) {
    EXPECT_FLOAT_EQ(overlap(box(0, 0, 4, 4, 1), box(0, 0, 4, 4, 1)), 1);
    EXPECT_FLOAT_EQ(overlap(box(0, 0, 4, 4, 1), box(2, 0, 6, 4, 1)), 8.0f / 24);
    EXPECT_EQ(overlap(box(0, 0, 4, 4, 1), box(4, 0, 8, 4, 1)), 0) << "they touch";
    EXPECT_EQ(overlap(box(1, 1, 1, 1, 1), box(1, 1, 1, 1, 1)), 0) << "no area";
}

TEST(Detections, TheSurestOfAClassStaysAndOtherClassesStayBesideIt) {
    const Detections kept = suppressOverlaps(
        {box(1, 0, 11, 10, 0.5f), box(0, 0, 10, 10, 0.9f), box(0, 0, 10, 10, 0.7f, 1), box(50, 0, 60, 10, 0.6f)}, 0.45f);
    ASSERT_EQ(kept.size(), 3u);
    EXPECT_EQ(kept[0].score, 0.9f);
    EXPECT_EQ(kept[1].kind, 1);
    EXPECT_EQ(kept[2].left, 50);
    EXPECT_EQ(suppressOverlaps({box(1, 0, 11, 10, 0.5f), box(0, 0, 10, 10, 0.9f)}, 1).size(), 2u) << "1 leaves none out";
}

TEST(Detections, JsonHoldsAllAndBadJsonIsAnError) {
    const Detections boxes{box(0.5f, 1, 2, 3, 0.25f, 16), box(4, 5, 6, 7, 0.125f)};
    const Json json = detectionsToJson(boxes);
    EXPECT_EQ(json.at(0).at("label"), "class 16");
    EXPECT_EQ(json.at(0).at("box"), Json({0.5, 1, 2, 3}));
    EXPECT_EQ(detectionsFromJson(json), boxes);
    test::expectError([] { detectionsFromJson(Json::parse(R"([{"box":[1,2,3]}])")); }, "boxes");
    test::expectError([] { detectionsFromJson(Json::parse(R"([7])")); }, "boxes");
}

TEST(Detections, FramesAreDrawnInsideThePictureAndOnAnyKindOfIt) {
    for (const int channels : {1, 2, 3, 4}) {
        const Image image(40, 30, channels, channels == 3 ? ColorSpace::Linear : ColorSpace::Srgb);
        const Image drawn = drawDetections(image, {box(-5, 12, 20, 90, 0.5f, 3)});
        EXPECT_EQ(drawn.width(), 40);
        EXPECT_EQ(drawn.channels(), image.hasAlpha() ? 4 : 3);
        EXPECT_EQ(drawn.colorSpace(), ColorSpace::Srgb);
        const auto bright = [&](int x, int y) { return drawn.pixel(x, y)[0] + drawn.pixel(x, y)[1] + drawn.pixel(x, y)[2] > 0; };
        EXPECT_TRUE(bright(10, 29)) << "the lower edge, at the picture's";
        EXPECT_TRUE(bright(19, 25)) << "the right edge";
        EXPECT_FALSE(bright(30, 25)) << "outside";
        EXPECT_FALSE(bright(10, 25)) << "inside, below the label";
    }
}

TEST(Detections, AMaskIsOneInsideTheBoxes) {
    const Image mask = maskOfDetections({box(1, 1, 3, 2, 1), box(2, 1, 4, 4, 1)}, 4, 4);
    double sum = 0;
    for (const float v : mask.values()) sum += static_cast<double>(v);
    EXPECT_EQ(sum, 2 + 6 - 1);
    EXPECT_EQ(*mask.pixel(1, 1), 1);
    EXPECT_EQ(*mask.pixel(0, 0), 0);
    EXPECT_EQ(mask.colorSpace(), ColorSpace::Raw);
}

} // namespace
} // namespace ochre
