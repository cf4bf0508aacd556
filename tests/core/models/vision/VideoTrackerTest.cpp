// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/VideoTracker.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "core/models/vision/Sam2Video.h"
#include "tests/core/models/vision/SmallSam2.h"
#include "tests/support/MovingObject.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

TrackJob jobOn(const test::MovingObject& film, int frame) {
    TrackJob job{.frames = film.frames, .frame = [&film](int i) { return film.frame(i); }};
    job.prompts.push_back({.frame = frame, .prompt = {.points = {{static_cast<float>(film.middleX(frame)),
                                                                  static_cast<float>(film.middleY(frame))}}}});
    return job;
}

std::map<int, Image> colours(const TrackJob& job) {
    std::map<int, Image> masks;
    trackByColours(job, [&](int frame, const Image& mask, float) {
        EXPECT_TRUE(masks.emplace(frame, mask).second) << "frame " << frame << " came twice";
    });
    return masks;
}

TEST(TrackByColours, AMovingObjectIsFollowedBothWays) {
    const test::MovingObject film;
    const auto masks = colours(jobOn(film, 20));
    ASSERT_EQ(masks.size(), 48u);
    double least = 1;
    for (const auto& [frame, mask] : masks) {
        const double iou = test::intersectionOverUnion(mask, film.truth(frame));
        EXPECT_GT(iou, 0.93) << frame;
        least = std::min(least, iou);
    }
    RecordProperty("least_iou", std::to_string(least));
    std::printf("least intersection over union %.3f\n", least);
}

TEST(TrackByColours, OneWayAndSeveralPromptsAndAGivenMask) {
    const test::MovingObject film{.width = 160, .height = 96, .frames = 10};
    TrackJob job = jobOn(film, 6);
    job.backward = false;
    EXPECT_EQ(colours(job).begin()->first, 6);
    EXPECT_EQ(colours(job).size(), 4u);
    job.prompts.push_back({.frame = 2, .mask = film.truth(2)});
    auto masks = colours(job);
    EXPECT_EQ(masks.begin()->first, 2) << "from the first prompt";
    EXPECT_EQ(test::intersectionOverUnion(masks.at(2), film.truth(2)), 1);
    job.forward = false;
    job.backward = true;
    masks = colours(job);
    EXPECT_EQ(masks.rbegin()->first, 6) << "back from the last prompt";
    EXPECT_EQ(masks.size(), 7u);
    for (const auto& [frame, mask] : masks) EXPECT_GT(test::intersectionOverUnion(mask, film.truth(frame)), 0.88) << frame;
}

TEST(TrackByColours, WhatGoesAndComesBackIsLostAndFound) {
    const test::MovingObject film{.frames = 24, .hiddenFrom = 9, .hiddenTo = 12};
    const auto masks = colours(jobOn(film, 0));
    for (const int frame : {9, 10, 11, 12}) EXPECT_EQ(std::ranges::max(masks.at(frame).values()), 0) << frame;
    for (const int frame : {8, 14, 20, 23}) EXPECT_GT(test::intersectionOverUnion(masks.at(frame), film.truth(frame)), 0.9) << frame;
}

TEST(TrackByColours, WrongJobsAreNamedAndItCanBeStopped) {
    const test::MovingObject film{.width = 64, .height = 48, .frames = 6};
    const auto refused = [&](const std::function<void(TrackJob&)>& change, const char* part) {
        TrackJob job = jobOn(film, 1);
        change(job);
        test::expectError([&] { colours(job); }, part);
    };
    refused([](TrackJob& j) { j.prompts.clear(); }, "what is to be followed");
    refused([](TrackJob& j) { j.frames = 0; }, "no video");
    refused([](TrackJob& j) { j.prompts[0].frame = 6; }, "no frame 6");
    refused([](TrackJob& j) { j.prompts.push_back(j.prompts[0]); }, "two prompts");
    refused([](TrackJob& j) { j.forward = j.backward = false; }, "neither");
    refused([](TrackJob& j) { j.prompts[0].prompt.points[0].x = 900; }, "outside the picture");
    refused([](TrackJob& j) { j.prompts[0].mask = Image(3, 3, 1); }, "the mask is 3×3");
    const Cancel cancel = Cancel::make();
    int seen = 0;
    const auto stop = [&] {
        trackByColours(jobOn(film, 1), [&](int, const Image&, float) { if (++seen == 2) cancel.request(); }, {}, cancel);
    };
    EXPECT_TRUE(test::expectError(stop).cancelled());
    EXPECT_EQ(seen, 2);
}

TEST(TrackPrompts, AreReadFromTextAndWritten) {
    const auto prompts = parseTrackPrompts("0: 12,8 30,20,0\n\n 17 :[4,5,60,70] 9,9\n");
    ASSERT_EQ(prompts.size(), 2u);
    EXPECT_EQ(prompts[0].prompt.points.size(), 2u);
    EXPECT_FALSE(prompts[0].prompt.points[1].belongs);
    EXPECT_EQ(prompts[1].frame, 17);
    EXPECT_EQ(prompts[1].prompt.box.value().bottom, 70);
    EXPECT_EQ(prompts[1].prompt.points.size(), 1u);
    EXPECT_EQ(trackPromptsText(prompts), "0: 12,8 30,20,0\n17: 9,9 [4,5,60,70]\n");
    EXPECT_TRUE(parseTrackPrompts(" \n").empty());
    for (const char* bad : {"1,2", "x: 1,2", "-1: 2,3", "1 2: 3,4"}) test::expectError([&] { parseTrackPrompts(bad); }, "frame");
    test::expectError([] { parseTrackPrompts("3: [1,2,3"); }, "without its end");
    test::expectError([] { parseTrackPrompts("3: 1"); }, "no point");
}

class WithSam2 : public ::testing::Test {
protected:
    test::TemporaryFolder m_folder;
    VideoTracker m_tracker = VideoTracker::open(writeSmallSam2(m_folder / "sam2.safetensors"));
    test::MovingObject m_film{.width = 60, .height = 40, .frames = 5};
};

TEST_F(WithSam2, EveryFrameGetsAMaskOfItsSizeOnce) {
    TrackJob job = jobOn(m_film, 2);
    job.prompts.push_back({.frame = 4, .mask = m_film.truth(4)});
    std::vector<int> order;
    std::uint64_t reports = 0;
    double last = -1;
    m_tracker.track(job, [&](int frame, const Image& mask, float score) {
        order.push_back(frame);
        EXPECT_EQ(mask.width(), 60);
        EXPECT_EQ(mask.height(), 40);
        EXPECT_EQ(mask.channels(), 1);
        EXPECT_TRUE(score >= 0 && score <= 1) << score;
        if (frame == 4) {
            EXPECT_GT(test::intersectionOverUnion(mask, m_film.truth(4)), 0.9) << "a given mask is the answer";
        }
    }, Progress([&](double share, std::string_view) { EXPECT_GE(share, last); last = share; ++reports; }));
    EXPECT_EQ(order, (std::vector<int>{2, 3, 4, 1, 0}));
    EXPECT_EQ(reports, 7u);
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { m_tracker.track(job, [](int, const Image&, float) {}, {}, cancel); }).cancelled());
    job.prompts[0].prompt.points[0].x = 61;
    test::expectError([&] { m_tracker.track(job, [](int, const Image&, float) {}); }, "outside");
}

TEST(VideoTracker, OtherNetworksAreNamed) {
    test::expectError([] { VideoTracker::open(test::sourceFile("tests/parity/sam/end_to_end/weights.safetensors")); }, "follows objects");
    test::expectError([] { VideoTracker::open(test::sourceFile("tests/parity/sam2/memory_attention/weights.safetensors")); }, "follows objects");
}

TEST(Sam2Track, HoldsWhatCanStillBeShownAndNoMore) {
    const auto file = tensor::Weights::open(test::sourceFile("tests/parity/sam2/track_click_both_ways/weights.safetensors"));
    const Sam2Video network(file, Sam2::Config::fromWeights(file).value());
    Sam2Track track(network, 300);
    const nn::Tensor image = nn::zeros({1, 3, 64, 64});
    track.ask(40, image, {.points = nn::fromValues(std::vector<float>{20, 20}, {1, 1, 2}), .labels = nn::zeros({1, 1}, at::kLong)});
    for (int i = 41; i < 110; ++i) {
        track.step(i, image, false);
        EXPECT_LE(track.kept(), 1u + 16 + 17) << i;
    }
    EXPECT_EQ(track.kept(), 1u + 16 + 17);
    for (int i = 40; i-- > 0;) track.step(i, image, true);
    EXPECT_LE(track.kept(), 1u + 17);
}

} // namespace
} // namespace ochre::models
