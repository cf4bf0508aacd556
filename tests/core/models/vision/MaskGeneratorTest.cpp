// SPDX-License-Identifier: GPL-3.0-or-later
// The filters of the published generator, on a network made by hand.
#include "core/models/vision/MaskGenerator.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/models/vision/Segmenter.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

struct Thing {
    std::array<int, 4> box; ///< left, top, right, bottom, the latter two beyond it
    float score = 0.95f;
    float soft = 20; ///< logits rise from −soft to soft over the edge's pixel: small ones are unsteady
};

/// Answers for a point on a thing with that thing, elsewhere with a mask that nobody believes.
AskPoints knowing(const std::vector<Thing>& things, int* calls = nullptr) {
    return [things, calls](const Image& picture, std::span<const std::array<float, 2>> points) {
        std::vector<std::vector<PointAnswer>> all;
        for (const auto& [x, y] : points) {
            std::vector<PointAnswer> answers{{0.2f, [] { ADD_FAILURE() << "too unsure to be looked at"; return Image(); }}};
            for (const Thing& t : things) {
                const auto& b = t.box;
                if (x < static_cast<float>(b[0]) || y < static_cast<float>(b[1]) || x >= static_cast<float>(b[2]) || y >= static_cast<float>(b[3])) continue;
                answers.push_back({t.score, [b, soft = t.soft, w = picture.width(), h = picture.height()] {
                                       Image logits(w, h, 1, ColorSpace::Raw);
                                       const auto v = logits.edit();
                                       for (int row = 0; row < h; ++row)
                                           for (int col = 0; col < w; ++col)
                                               v[static_cast<std::size_t>(row * w + col)] =
                                                   col >= b[0] && col < b[2] && row >= b[1] && row < b[3] ? soft : -soft;
                                       return logits;
                                   }});
            }
            all.push_back(std::move(answers));
            if (calls) ++*calls;
        }
        return all;
    };
}

const Image kPicture(200, 100, 3);

TEST(MaskGenerator, EachThingIsFoundOnceTheSurestFirst) {
    int calls = 0;
    const auto found = findMasks(kPicture, {.pointsPerSide = 16}, knowing({{{30, 20, 80, 70}, 0.9f}, {{120, 30, 170, 90}, 0.97f}}, &calls));
    EXPECT_EQ(calls, 256);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].box, (std::array{120, 30, 169, 89})) << "first and last pixels";
    EXPECT_EQ(found[1].box, (std::array{30, 20, 79, 69}));
    EXPECT_EQ(areaOf(found[1].runs), 2500u);
    EXPECT_EQ(found[1].stability, 1);
    EXPECT_EQ(found[0].crop, (std::array{0, 0, 200, 100}));
    const Image mask = maskOfRuns(found[1].runs, 200, 100);
    EXPECT_EQ(mask.pixel(30, 20)[0], 1);
    EXPECT_EQ(mask.pixel(80, 70)[0], 0);
}

TEST(MaskGenerator, UnsureUnsteadyAndRepeatedOnesAreLeftOut) {
    const EverythingOptions few{.pointsPerSide = 12};
    EXPECT_EQ(findMasks(kPicture, few, knowing({{{30, 20, 80, 70}, 0.89f}})).size(), 1u);
    EXPECT_TRUE(findMasks(kPicture, few, knowing({{{30, 20, 80, 70}, 0.88f}})).empty()) << "above, not at it";
    EXPECT_TRUE(findMasks(kPicture, few, knowing({{{30, 20, 80, 70}, 0.95f, 0.5f}})).empty()) << "gone with a threshold of 1";
    EXPECT_EQ(findMasks(kPicture, few, knowing({{{30, 20, 80, 70}, 0.9f}, {{32, 22, 80, 70}, 0.95f}})).size(), 1u);
    EXPECT_EQ(findMasks(kPicture, few, knowing({{{30, 20, 80, 70}, 0.9f}, {{55, 22, 80, 70}, 0.95f}})).size(), 2u);
}

TEST(MaskGenerator, PartsAreThoseOfTheReference) {
    const auto boxes = cropBoxes(1500, 1000, 2, 512.0f / 1500);
    ASSERT_EQ(boxes.size(), 1u + 4 + 16);
    EXPECT_EQ(boxes[0].box, (std::array{0, 0, 1500, 1000}));
    EXPECT_EQ(boxes[1].box, (std::array{0, 0, 921, 671})); // overlap 341, sides ⌈(341 + side)/2⌉
    EXPECT_EQ(boxes[2].box, (std::array{0, 330, 921, 1000}));
    EXPECT_EQ(boxes[3].box, (std::array{580, 0, 1500, 671}));
    EXPECT_EQ(boxes[5].layer, 2);
    EXPECT_EQ(boxes[5].box, (std::array{0, 0, 503, 378})); // overlap 170
}

TEST(MaskGenerator, WhatAPartCutsIsLeftToTheOthers) {
    const Image large(400, 200, 3);
    const EverythingOptions options{.pointsPerSide = 16, .cropLayers = 1};
    // The hand-made network sees the same place of every part: a thing that ends where a part ends, inside the picture.
    const auto boxes = cropBoxes(400, 200, 1, options.cropShare);
    const int right = boxes[1].box[2], bottom = boxes[1].box[3];
    for (const FoundMask& one : findMasks(large, options, knowing({{{100, 60, right, bottom}}})))
        EXPECT_TRUE(one.crop == boxes[0].box || (one.box[2] >= 379 || one.box[2] < one.crop[2] - 21)) << "cut by the edge of its part";
    const auto inside = findMasks(large, options, knowing({{{40, 30, 90, 70}}}));
    EXPECT_EQ(inside.size(), 4u) << "the whole and the upper left part saw the same, the other three parts another place";
    const auto first = std::ranges::find(inside, std::array{40, 30, 89, 69}, &FoundMask::box);
    ASSERT_NE(first, inside.end());
    EXPECT_EQ(first->crop, boxes[1].box) << "of two, that of the smaller part stays";
}

TEST(MaskGenerator, SmallHolesAndIslandsGo) {
    const auto ask = [](const Image&, std::span<const std::array<float, 2>> points) {
        std::vector<std::vector<PointAnswer>> all(points.size());
        all[0].push_back({0.9f, [] {
                              Image logits(60, 40, 1, ColorSpace::Raw);
                              const auto v = logits.edit();
                              for (int y = 0; y < 40; ++y)
                                  for (int x = 0; x < 60; ++x) {
                                      const bool body = x >= 10 && x < 40 && y >= 5 && y < 35, hole = x >= 20 && x < 23 && y >= 20 && y < 23;
                                      const bool island = x >= 50 && x < 52 && y == 8;
                                      v[static_cast<std::size_t>(y * 60 + x)] = (body && !hole) || island ? 9.0f : -9.0f;
                                  }
                              return logits;
                          }});
        return all;
    };
    const Image picture(60, 40, 3);
    EXPECT_EQ(findMasks(picture, {.pointsPerSide = 2}, ask).at(0).box[2], 51);
    const auto cleaned = findMasks(picture, {.pointsPerSide = 2, .leastRegion = 10}, ask);
    ASSERT_EQ(cleaned.size(), 1u);
    EXPECT_EQ(areaOf(cleaned[0].runs), 900u);
    EXPECT_EQ(cleaned[0].box, (std::array{10, 5, 39, 34}));
    EXPECT_EQ(areaOf(findMasks(picture, {.pointsPerSide = 2, .leastRegion = 1200}, ask).at(0).runs), 900u) << "the largest island stays";
}

TEST(MaskGenerator, LabelsShowTheSmallestOfSeveral) {
    const auto found = findMasks(kPicture, {.pointsPerSide = 16}, knowing({{{20, 10, 120, 90}, 0.97f}, {{50, 30, 80, 60}, 0.9f}}));
    ASSERT_EQ(found.size(), 2u);
    const Image labels = labelPicture(found, 200, 100);
    EXPECT_EQ(labels.pixel(25, 15)[0], 1 / 65535.0f);
    EXPECT_EQ(labels.pixel(60, 40)[0], 2 / 65535.0f);
    EXPECT_EQ(labels.pixel(5, 5)[0], 0);
    const Json list = masksToJson(found);
    EXPECT_EQ(list[1].at("label"), 2);
    EXPECT_EQ(list[1].at("box"), (Json{50, 30, 29, 29}));
    EXPECT_EQ(list[1].at("area"), 900);
    const Image shown = colouredMasks(kPicture, found);
    EXPECT_NE(shown.pixel(60, 40)[0], shown.pixel(25, 15)[0]);
    EXPECT_EQ(shown.pixel(5, 5)[0], 0);
}

TEST(MaskGenerator, WrongAsksAreNamedAndItCanBeStopped) {
    test::expectError([] { findMasks({}, {}, knowing({})); }, "no picture");
    test::expectError([] { findMasks(kPicture, {.pointsPerSide = 0}, knowing({})); }, "0 points");
    test::expectError([] { findMasks(kPicture, {.cropLayers = 9}, knowing({})); }, "9 layers");
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { findMasks(kPicture, {}, knowing({}), {}, cancel); }).cancelled());
}

TEST(MaskGenerator, ANetworkIsAskedInBatchesAndLooksOnce) {
    const Segmenter segmenter = Segmenter::open(test::sourceFile("tests/parity/sam/end_to_end/weights.safetensors"));
    Image image(40, 30, 3);
    for (std::size_t i = 0; i < image.valueCount(); ++i) image.edit()[i] = static_cast<float>(i * 31 % 97) / 97;
    const auto found = segmenter.everything(image, {.pointsPerSide = 5, .leastScore = -100, .leastStability = 0, .boxOverlap = 1});
    EXPECT_EQ(segmenter.encodings(), 1);
    ASSERT_FALSE(found.empty());
    const auto alone = segmenter.segment(image, {.points = {{found[0].point[0], found[0].point[1]}}});
    EXPECT_TRUE(std::ranges::any_of(alone, [&](const SegmentAnswer& a) {
        return std::abs(a.score - found[0].score) < 1e-4f && std::ranges::equal(a.mask.values(), maskOfRuns(found[0].runs, 40, 30).values());
    })) << "the same as for the point by itself";
}

} // namespace
} // namespace ochre::models
