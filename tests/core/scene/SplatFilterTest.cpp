// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatFilter.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "core/scene/SplatStats.h"
#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

/// Ten splats along x at 0…9, opacities 5 %, 15 % … 95 %, sizes e^−10 … e^−1.
SplatCloud line(int degree = 1) {
    SplatData d = test::makeCloud(10, degree).data();
    for (std::size_t i = 0; i < 10; ++i) {
        for (std::size_t k = 0; k < 3; ++k) {
            d.positions[3 * i + k] = k == 0 ? static_cast<float>(i) : 0;
            d.logScales[3 * i + k] = static_cast<float>(i) - 10;
        }
        d.opacities[i] = logit(0.05 + 0.1 * static_cast<double>(i));
    }
    return SplatCloud(std::move(d), "line");
}

std::vector<float> xs(const SplatCloud& cloud) {
    std::vector<float> result;
    for (std::size_t i = 0; i < cloud.count(); ++i) result.push_back(cloud.data().positions[3 * i]);
    return result;
}

using Xs = std::vector<float>;

TEST(SplatFilter, ABoxAndASphereKeepWhatIsInsideWithTheirBorders) {
    EXPECT_EQ(xs(cropBox(line(), {{2, -1, -1}, {4, 1, 1}})), (Xs{2, 3, 4}));
    EXPECT_EQ(xs(cropSphere(line(), {8, 0, 0}, 1)), (Xs{7, 8, 9}));
    EXPECT_EQ(cropBox(line(), {{2, 5, 5}, {4, 6, 6}}).count(), 0u);
    test::expectError([] { cropBox(line(), {{2, 0, 0}, {1, 1, 1}}); }, "box");
    test::expectError([] { cropBox(line(), {{NAN, 0, 0}, {1, 1, 1}}); }, "box");
    test::expectError([] { cropSphere(line(), {0, 0, 0}, 0); }, "radius 0");
    test::expectError([] { cropSphere(line(), {NAN, 0, 0}, 1); }, "sphere");
}

TEST(SplatFilter, AllArraysKeepTheirSplats) {
    const SplatCloud cloud = line(2), kept = cropBox(cloud, {{3, -1, -1}, {3, 1, 1}});
    ASSERT_EQ(kept.count(), 1u);
    EXPECT_EQ(kept.name(), "line");
    for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(kept.data().rotations[k], cloud.data().rotations[12 + k]);
    for (std::size_t k = 0; k < 24; ++k) EXPECT_EQ(kept.data().shRest[k], cloud.data().shRest[72 + k]);
    EXPECT_EQ(kept.data().sh0[2], cloud.data().sh0[11]);
}

TEST(SplatFilter, WhatChangesNothingGivesTheCloudItself) {
    const SplatCloud cloud = line();
    for (const SplatCloud& same : {cropBox(cloud, {{-1, -1, -1}, {10, 1, 1}}), keepOpacities(cloud, {0, 1}),
                                   decimate(cloud, 1), withShDegree(cloud, 1), keepScales(cloud, {})})
        EXPECT_EQ(&same.data(), &cloud.data());
}

TEST(SplatFilter, OpacitiesAndScalesAreTakenAsTheyAreShown) {
    EXPECT_EQ(xs(keepOpacities(line(), {0.5, 0.8})), (Xs{5, 6, 7}));
    EXPECT_EQ(xs(keepScales(line(), {std::exp(-3.5), 1})), (Xs{7, 8, 9}));
    EXPECT_EQ(xs(keepScales(line(), {.max = std::exp(-8.5)})), (Xs{0, 1}));
    test::expectError([] { keepOpacities(line(), {0.5, 0.4}); }, "opacities from 0.5 to 0.4");
    test::expectError([] { keepScales(line(), {NAN, 1}); }, "scales");
}

TEST(SplatFilter, DegreesGoDownByLeavingOutAndUpByZeros) {
    const SplatCloud cloud = line(2), lower = withShDegree(cloud, 1), higher = withShDegree(lower, 3);
    EXPECT_EQ(lower.data().shRest[9 + 4], cloud.data().shRest[24 + 4]);
    EXPECT_EQ(higher.data().shRest[45 + 4], cloud.data().shRest[24 + 4]);
    EXPECT_EQ(higher.data().shRest[45 + 9], 0);
    EXPECT_EQ(withShDegree(cloud, 0).data().shRest.size(), 0u);
    test::expectError([&] { withShDegree(cloud, 4); }, "degree 4");
}

TEST(SplatFilter, TheMostImportantSplatsStayInTheirOrder) {
    EXPECT_EQ(xs(decimate(line(), 0.3)), (Xs{7, 8, 9}));
    SplatData d = line().data();
    d.opacities[9] = -INFINITY;                    // large but unseen
    d.logScales[24] = d.logScales[25] = -INFINITY; // a line has no area
    d.logScales[0] = d.logScales[1] = 0;           // flat, but a large disc
    d.logScales[2] = -INFINITY;
    EXPECT_EQ(xs(decimate(SplatCloud(d, "line"), 0.3)), (Xs{0, 6, 7}));
    EXPECT_EQ(decimate(line(), 0).count(), 0u);
    test::expectError([] { decimate(line(), 1.5); }, "1.5");
    test::expectError([] { decimate(line(), NAN); }, "share");
}

TEST(SplatFilter, MergedCloudsHaveTheHighestDegree) {
    const SplatCloud low = line(0), high = line(2);
    const SplatCloud clouds[] = {low, high};
    const SplatCloud both = merge(clouds);
    EXPECT_EQ(both.count(), 20u);
    EXPECT_EQ(both.shDegree(), 2);
    EXPECT_EQ(both.data().shRest[9], 0);
    EXPECT_EQ(both.data().shRest[240 + 9], high.data().shRest[9]);
    EXPECT_EQ(both.data().positions[57], 9);
    EXPECT_EQ(merge({}).count(), 0u);
    EXPECT_EQ(&merge(std::span(clouds).first(1)).data(), &low.data());
}

TEST(SplatFilter, SplatsThatAreNoNumbersAreDroppedAndCounted) {
    SplatData d = line(1).data();
    d.positions[0] = NAN;
    d.opacities[3] = NAN;
    d.opacities[4] = INFINITY;   // opaque: stays
    d.logScales[15] = -INFINITY; // flat: stays
    d.logScales[18] = INFINITY;
    d.shRest[63] = -INFINITY;
    d.dropped = 2;
    dropUnusable(d);
    EXPECT_EQ(d.dropped, 6u);
    EXPECT_EQ(xs(SplatCloud(d, "line")), (Xs{1, 2, 4, 5, 8, 9}));
    test::expectError([] { select(line(), std::array<std::uint32_t, 1>{10}); }, "splat 10 of 10");
}

TEST(SplatOrder, NeighboursInSpaceAreNeighboursInTheOrder) {
    std::vector<float> grid; // 16³ points
    for (int i = 0; i < 4096; ++i)
        for (const int v : {i % 16, i / 16 % 16, i / 256}) grid.push_back(static_cast<float>(v));
    const auto order = mortonOrder(grid);
    std::vector<std::uint32_t> sorted(order);
    std::sort(sorted.begin(), sorted.end());
    for (std::uint32_t i = 0; i < 4096; ++i) ASSERT_EQ(sorted[i], i);
    for (std::size_t run = 0; run < 4096; run += 512) // each run of 8³ is one cube of side 8
        for (std::size_t k = 0; k < 3; ++k) {
            float low = 99, high = -1;
            for (std::size_t i = run; i < run + 512; ++i) {
                low = std::min(low, grid[3 * order[i] + k]);
                high = std::max(high, grid[3 * order[i] + k]);
            }
            ASSERT_EQ(high - low, 7);
        }
    EXPECT_EQ(mortonOrder(std::vector<float>(9, 1.0f)), (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(SplatStats, CountsEverySplatOnce) {
    SplatData d = line().data();
    d.logScales[2] = -INFINITY;
    const SplatStats s = statsOf(SplatCloud(d, "line"), 10);
    EXPECT_EQ(s.count, 10u);
    EXPECT_EQ(s.flat, 1u);
    EXPECT_EQ(s.shDegree, 1);
    EXPECT_EQ(s.bounds.max[0], 9);
    EXPECT_NEAR(s.meanOpacity, 0.5, 1e-6);
    EXPECT_EQ(s.medianLogScale, -5);
    EXPECT_EQ(s.opacities.counts, std::vector<std::size_t>(10, 1));
    EXPECT_EQ(s.logScales.min, -10);
    EXPECT_EQ(s.logScales.max, -1);
    EXPECT_EQ(std::accumulate(s.logScales.counts.begin(), s.logScales.counts.end(), std::size_t{0}), 10u);
    const SplatStats none = statsOf(SplatCloud());
    EXPECT_EQ(none.count, 0u);
    EXPECT_EQ(none.logScales.counts.size(), 20u);
}

TEST(SplatStats, SplatsWithoutAnyLengthAreInTheFirstBin) {
    SplatData d = line().data();
    for (float& v : d.logScales) v = -INFINITY;
    const SplatStats s = statsOf(SplatCloud(d, "line"));
    EXPECT_EQ(s.flat, 10u);
    EXPECT_EQ(s.logScales.counts[0], 10u);
}

} // namespace
} // namespace ochre
