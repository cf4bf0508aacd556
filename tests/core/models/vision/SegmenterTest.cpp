// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Segmenter.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/core/models/vision/SmallSam2.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

std::filesystem::path weightsOf(const char* architecture) {
    return test::sourceFile(std::string("tests/parity/") + architecture + "/end_to_end/weights.safetensors");
}

Image drawing(int width, int height, int channels = 3) {
    Image image(width, height, channels);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 31 % 97) / 97;
    return image;
}

const SegmentPrompt kPoint{.points = {{12, 9}}};

TEST(Segmenter, AnswersHaveThePicturesSizeAndTheBestComesFirst) {
    const Segmenter segmenter = Segmenter::open(weightsOf("sam"));
    EXPECT_EQ(segmenter.architecture(), "sam");
    for (const int channels : {1, 2, 3, 4})
        for (const auto& [width, height] : {std::pair{40, 30}, {31, 57}, {200, 3}}) {
            const auto answers = segmenter.segment(drawing(width, height, channels), {.points = {{12, 2}}});
            ASSERT_EQ(answers.size(), 3u);
            for (const SegmentAnswer& answer : answers) {
                EXPECT_EQ(answer.mask.width(), width);
                EXPECT_EQ(answer.mask.height(), height);
                EXPECT_EQ(answer.mask.channels(), 1);
                for (const float v : answer.mask.values()) ASSERT_TRUE(v == 0 || v == 1);
            }
            EXPECT_GE(answers[0].score, answers[1].score);
            EXPECT_GE(answers[1].score, answers[2].score);
        }
    EXPECT_EQ(segmenter.segment(drawing(40, 30), kPoint, false).size(), 1u);
}

TEST(Segmenter, OneAnswerIsThatOfAll) {
    const Segmenter segmenter = Segmenter::open(weightsOf("sam"));
    const auto all = segmenter.segment(drawing(40, 30), kPoint);
    for (std::size_t place = 0; place < 5; ++place) {
        const SegmentAnswer one = segmenter.select(drawing(40, 30), kPoint, true, place);
        const SegmentAnswer& same = all[std::min<std::size_t>(place, 2)];
        EXPECT_EQ(one.score, same.score);
        EXPECT_TRUE(std::ranges::equal(one.mask.values(), same.mask.values()));
    }
}

TEST(Segmenter, APictureIsEncodedOnceHoweverOftenItIsAsked) {
    const Segmenter segmenter = Segmenter::open(weightsOf("sam"));
    const Image image = drawing(40, 30);
    const auto first = segmenter.segment(image, kPoint);
    const auto box = segmenter.segment(image, {.box = SegmentBox{2, 2, 30, 20}});
    const auto again = segmenter.segment(drawing(40, 30), kPoint); // other memory, the same content
    EXPECT_EQ(segmenter.encodings(), 1);
    EXPECT_TRUE(std::ranges::equal(first[0].mask.values(), again[0].mask.values()));
    EXPECT_NE(first[0].score, box[0].score);
    Image other = image;
    other.edit()[0] += 0.25f;
    segmenter.segment(other, kPoint);
    EXPECT_EQ(segmenter.encodings(), 2);
    for (int i = 0; i < 3; ++i) segmenter.segment(drawing(50 + i, 30), kPoint);
    segmenter.segment(image, kPoint);
    EXPECT_EQ(segmenter.encodings(), 6) << "the picture was asked for longest ago and had to go";
}

TEST(Segmenter, APictureThatWasLookedAtIsKnown) {
    const Segmenter segmenter = Segmenter::open(weightsOf("sam"));
    const Image image = drawing(40, 30);
    segmenter.look(image);
    segmenter.look(image);
    EXPECT_EQ(segmenter.encodings(), 1);
    segmenter.segment(image, kPoint);
    EXPECT_EQ(segmenter.encodings(), 1);
    test::expectError([&] { segmenter.look({}); }, "no picture");
}

TEST(Segmenter, WhatDoesNotBelongChangesTheAnswer) {
    const Segmenter segmenter = Segmenter::open(weightsOf("sam"));
    const Image image = drawing(40, 30);
    const auto score = [&](bool belongs) {
        return segmenter.segment(image, {.points = {{12, 9}, {30, 20, belongs}}})[0].score;
    };
    EXPECT_NE(score(true), score(false));
}

TEST(Segmenter, TheSecondSamIsKnownAndStretchesPictures) {
    const test::TemporaryFolder folder;
    const Segmenter segmenter = Segmenter::open(writeSmallSam2(folder / "sam2.safetensors"));
    EXPECT_EQ(segmenter.architecture(), "sam2");
    const Image image = drawing(40, 30);
    const auto three = segmenter.segment(image, kPoint);
    ASSERT_EQ(three.size(), 3u);
    for (const SegmentAnswer& answer : three) {
        EXPECT_EQ(answer.mask.width(), 40);
        EXPECT_EQ(answer.mask.height(), 30);
        EXPECT_TRUE(answer.score >= 0 && answer.score <= 1);
    }
    EXPECT_EQ(segmenter.segment(image, {.box = SegmentBox{2, 2, 30, 20}}, false).size(), 1u);
    EXPECT_EQ(segmenter.encodings(), 1);
}

TEST(Segmenter, WrongPromptsAndFilesAreNamed) {
    const Segmenter segmenter = Segmenter::open(weightsOf("sam"));
    const Image image = drawing(40, 30);
    test::expectError([&] { segmenter.segment(image, {}); }, "nothing says");
    test::expectError([&] { segmenter.segment({}, kPoint); }, "no picture");
    test::expectError([&] { segmenter.segment(image, {.points = {{41, 2}}}); }, "41,2");
    test::expectError([&] { segmenter.segment(image, {.box = SegmentBox{9, 9, 9, 12}}); }, "no area");
    test::expectError([&] { segmenter.segment(image, {.points = {{std::numeric_limits<float>::quiet_NaN(), 1}}}); }, "outside");
    test::expectError([] { Segmenter::open(test::sourceFile("tests/parity/yolox/depthwise/weights.safetensors")); },
                      "cuts out objects");
}

TEST(Segmenter, CancelledItStops) {
    const Segmenter segmenter = Segmenter::open(weightsOf("sam"));
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { segmenter.segment(drawing(40, 30), kPoint, true, {}, cancel); }).cancelled());
}

TEST(Segmenter, PointsAndBoxesAreReadFromText) {
    const auto points = parsePoints(" 1,2  3.5,4,0;5,6,1\n");
    ASSERT_EQ(points.size(), 3u);
    EXPECT_TRUE(points[0].belongs);
    EXPECT_EQ(points[1].x, 3.5f);
    EXPECT_FALSE(points[1].belongs);
    EXPECT_TRUE(points[2].belongs);
    EXPECT_TRUE(parsePoints(" ").empty());
    EXPECT_FALSE(parseBox(" "));
    EXPECT_EQ(parseBox("1,2,3,4").value().bottom, 4);
    for (const char* bad : {"1", "1,2,3,4", "1,2,7", "a,b", "1,nan", "1,,2", "1,2,", "inf,1"})
        test::expectError([&] { parsePoints(bad); }, "is no point");
    for (const char* bad : {"1,2,3", "1,2,3,x", "1 2 3 4"}) test::expectError([&] { parseBox(bad); }, "is no box");
}

} // namespace
} // namespace ochre::models
