// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/NerfRays.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace ochre::models {
namespace {

TEST(NerfRays, SamplesGoFromNearToFar) {
    std::vector<float> z(5);
    placeEvenly(2, 6, z);
    EXPECT_EQ(z, (std::vector<float>{2, 3, 4, 5, 6}));
}

TEST(NerfRays, TheLastIntervalHasNoEnd) {
    const std::vector<float> z{2, 3}, raw{0, 0, 0, 0, 0, 0, 0, 1e-6f};
    std::vector<float> weights(2);
    const RayResult result = composite(raw, z, 1, weights);
    EXPECT_EQ(weights[0], 0);
    EXPECT_EQ(weights[1], 1);
    EXPECT_FLOAT_EQ(result.color[0], 0.5f);
    EXPECT_FLOAT_EQ(result.depth, 3);
    EXPECT_FLOAT_EQ(result.disparity(), 1.0f / 3);
}

TEST(NerfRays, NegativeDensitiesAreNothing) {
    const std::vector<float> z{2, 3, 4}, raw{9, 9, 9, -5, 9, 9, 9, -1, 9, 9, 9, -2};
    std::vector<float> weights(3);
    EXPECT_EQ(composite(raw, z, 1, weights).opacity, 0);
}

TEST(NerfRays, LongerDirectionsMakeIntervalsLonger) {
    const std::vector<float> z{0, 1, 2}, raw{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    std::vector<float> weights(3);
    composite(raw, z, 3, weights);
    EXPECT_NEAR(weights[0], 1 - std::exp(-3.0f), 1e-6);
}

TEST(NerfRays, ImportanceSamplesGoWhereTheLightIs) {
    std::vector<float> z(64), weights(64), samples(200);
    placeEvenly(0, 1, z);
    weights[40] = 1;
    placeImportance(z, weights, samples);
    const float from = (z[39] + z[40]) / 2, to = (z[40] + z[41]) / 2;
    int inside = 0;
    for (const float s : samples) inside += s >= from && s <= to;
    EXPECT_GE(inside, 198);
    EXPECT_TRUE(std::ranges::is_sorted(samples));
}

TEST(NerfRays, WithoutWeightsSamplesLieEvenly) {
    const std::vector<float> bins{0, 1, 2, 3, 4}, none(4);
    std::vector<float> samples(9);
    placeByWeight(bins, none, samples);
    for (std::size_t i = 0; i < samples.size(); ++i) EXPECT_NEAR(samples[i], 0.5f * static_cast<float>(i), 1e-4);
}

TEST(NerfRays, DeviceCoordinatesLieBetweenTheNearPlaneAndInfinity) {
    const Ray before{{0.1f, -0.2f, 0.3f}, {0.2f, 0.1f, -1}};
    Ray ray = before;
    ASSERT_TRUE(toNdc(ray, {0.6f, 0.45f}));
    EXPECT_NEAR(ray.at(0)[2], -1, 1e-6); // the near plane
    EXPECT_NEAR(ray.at(1)[2], 1, 1e-6);  // infinity
    for (const float t : {0.0f, 0.3f, 0.9f}) {
        const auto world = before.at(fromNdc(before, t)), place = ray.at(t);
        EXPECT_NEAR(place[0], -world[0] / (0.6f * world[2]), 2e-5) << t;
        EXPECT_NEAR(place[1], -world[1] / (0.45f * world[2]), 2e-5) << t;
        EXPECT_NEAR(place[2], 1 + 2 / world[2], 2e-5) << t;
    }
    Ray away{{0, 0, 0}, {0, 0, 1}};
    EXPECT_FALSE(toNdc(away, {1, 1}));
}

} // namespace
} // namespace ochre::models
