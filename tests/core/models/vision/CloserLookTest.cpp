// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/CloserLook.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "core/image/Filter.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/Weights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

/// The network that comes along.
const Sam& own() {
    static const Sam sam = [] {
        const tensor::Weights weights = tensor::Weights::open(test::sourceFile("resources/models/segment.safetensors"));
        return Sam(weights, Sam::Config::fromWeights(weights).value());
    }();
    return sam;
}

using Inside = std::function<bool(double x, double y)>;

Inside disk(double x, double y, double radius) {
    return [=](double px, double py) { return std::hypot(px - x, py - y) < radius; };
}

/// Things of one colour each, the last one on top, on soft stripes.
Image picture(int width, int height, const std::vector<std::pair<Inside, std::array<float, 3>>>& things) {
    Image image(width, height, 3);
    float* p = image.edit().data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x, p += 3) {
            const auto wave = static_cast<float>(0.08 * std::sin(0.05 * x + 0.03 * y) + 0.04 * std::sin(0.4 * y));
            std::array<float, 3> color{0.55f + wave, 0.6f - wave, 0.5f + wave};
            for (const auto& [inside, of] : things)
                if (inside(x + 0.5, y + 0.5)) color = of;
            std::ranges::copy(color, p);
        }
    return image;
}

/// Intersection over union of what is likelier than not and of the truth, in pixels of the picture.
double overlap(const Image& likely, int width, int height, const Inside& truth) {
    const Image full = resize(likely, width, height, ResizeFilter::Bilinear);
    int common = 0, all = 0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const bool chosen = full.pixel(x, y)[0] > 0.5f, wanted = truth(x + 0.5, y + 0.5);
            common += chosen && wanted;
            all += chosen || wanted;
        }
    return static_cast<double>(common) / std::max(all, 1);
}

Image likelihood(const Image& image, const SegmentPrompt& prompt) {
    Image likely;
    tensor::run({}, [&] { likely = likelihoodOf(own(), image, lookAtBothSides(own(), image, true), prompt, true); });
    return likely;
}

TEST(CloserLook, PromptsAreMovedScaledAndMirrored) {
    const SegmentPrompt prompt{.points = {{30, 20}, {50, 40, false}}, .box = SegmentBox{20, 10, 60, 50}};
    const SamPrompt part = promptFor(prompt, {.left = 10, .top = 10, .across = 2, .down = 0.5});
    EXPECT_EQ(nn::toValues(part.points), (std::vector<float>{40, 5, 80, 15}));
    EXPECT_EQ(nn::toValues(part.labels.to(at::kFloat)), (std::vector<float>{1, 0}));
    EXPECT_EQ(nn::toValues(part.boxes), (std::vector<float>{20, 0, 100, 20}));
    const SamPrompt mirrored = promptFor(prompt, {.left = 100, .top = 0, .across = -2, .down = 1}); // of 100 pixels across
    EXPECT_EQ(nn::toValues(mirrored.points), (std::vector<float>{140, 20, 100, 40}));
    EXPECT_EQ(nn::toValues(mirrored.boxes), (std::vector<float>{80, 10, 160, 50})) << "the left edge stays left of the right one";
    EXPECT_FALSE(promptFor({.points = {{1, 1}}, .box = {}}, {}).boxes.defined());
}

TEST(CloserLook, ASmallThingIsSeenInMorePixels) {
    const Inside thing = disk(610, 130, 16);
    const Image image = picture(800, 500, {{thing, {0.85f, 0.2f, 0.15f}}});
    const Image likely = likelihood(image, {.points = {{610, 130}}, .box = {}});
    EXPECT_GE(likely.width(), 800) << "0.32 pixels of the network show one of the picture, then more than one";
    EXPECT_GT(overlap(likely, 800, 500, thing), 0.8);
}

TEST(CloserLook, WhatLiesBeforeAThingDoesNotBelongToIt) {
    const Inside behind = disk(200, 190, 90), before = disk(300, 220, 60);
    const auto seen = [&](double x, double y) { return behind(x, y) && !before(x, y); };
    const Image image = picture(480, 400, {{behind, {0.2f, 0.3f, 0.75f}}, {before, {0.9f, 0.55f, 0.1f}}});
    EXPECT_GT(overlap(likelihood(image, {.points = {{170, 190}}, .box = {}}), 480, 400, seen), 0.85);
    EXPECT_GT(overlap(likelihood(image, {.points = {{310, 225}}, .box = {}}), 480, 400, before), 0.85);
}

TEST(CloserLook, AMirroredPictureGivesTheMirroredAnswer) {
    const Inside thing = disk(120, 100, 50), other = disk(360, 100, 50);
    const Image image = picture(480, 300, {{thing, {0.3f, 0.7f, 0.2f}}});
    Image mirrored(480, 300, 3);
    for (int y = 0; y < 300; ++y)
        for (int x = 0; x < 480; ++x) std::copy_n(image.pixel(479 - x, y), 3, mirrored.edit().data() + 3 * (480 * y + x));
    const double straight = overlap(likelihood(image, {.points = {{120, 100}}, .box = {}}), 480, 300, thing);
    EXPECT_GT(straight, 0.85);
    EXPECT_NEAR(overlap(likelihood(mirrored, {.points = {{360, 100}}, .box = {}}), 480, 300, other), straight, 0.03);
}

TEST(CloserLook, AnyShapeOfPictureWorks) {
    for (const auto& [width, height] : {std::pair{1, 1}, {7, 900}, {900, 7}, {30, 20}}) {
        const Image image = picture(width, height, {});
        const Image likely = likelihood(image, {.points = {{0.5f * static_cast<float>(width), 0.5f * static_cast<float>(height)}}, .box = {}});
        ASSERT_GT(likely.valueCount(), 0u);
        for (const float v : likely.values()) ASSERT_TRUE(v >= 0 && v <= 1) << width << "×" << height;
        const SegmentBox all{0, 0, static_cast<float>(width), static_cast<float>(height)};
        EXPECT_GT(likelihood(image, {.points = {}, .box = all}).valueCount(), 0u);
    }
}

} // namespace
} // namespace ochre::models
