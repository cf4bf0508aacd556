// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatCloud.h"

#include <gtest/gtest.h>

#include "tests/support/Support.h"

namespace ochre {
namespace {

SplatData line(std::size_t n) {
    SplatData d;
    for (std::size_t i = 0; i < n; ++i) {
        d.positions.insert(d.positions.end(), {static_cast<float>(i), 0, -static_cast<float>(i)});
        d.logScales.insert(d.logScales.end(), {-3, -3, -3});
        d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
        d.opacities.push_back(1);
        d.sh0.insert(d.sh0.end(), {0.1f, 0.2f, 0.3f});
    }
    return d;
}

TEST(SplatCloud, AnEmptyCloudAnswersEverything) {
    const SplatCloud cloud;
    EXPECT_EQ(cloud.count(), 0u);
    EXPECT_EQ(cloud.bytes(), 0u);
    EXPECT_TRUE(cloud.hash().isNull());
    EXPECT_TRUE(cloud.data().positions.empty());
    EXPECT_EQ(cloud.bounds().max[0], 0);
    EXPECT_GT(cloud.focus().radius, 0);
    EXPECT_GT(SplatCloud(line(0), "none").focus().radius, 0);
}

TEST(SplatCloud, BoundsHoldEveryCentreAndBytesCountEveryValue) {
    const SplatCloud cloud(line(11), "line");
    EXPECT_EQ(cloud.bounds().min, (std::array<double, 3>{0, 0, -10}));
    EXPECT_EQ(cloud.bounds().max, (std::array<double, 3>{10, 0, 0}));
    EXPECT_EQ(cloud.bytes(), 11u * 14 * 4);
}

TEST(SplatCloud, StraysFarAwayDoNotMoveTheFocus) {
    SplatData d = line(100);
    const Focus before = SplatCloud(d, "line").focus();
    for (std::size_t i = 0; i < 5; ++i) d.positions[3 * i] = -1e6f;
    const Focus after = SplatCloud(d, "line").focus();
    EXPECT_NEAR(after.center[0], before.center[0], 10);
    EXPECT_NEAR(after.radius, before.radius, 20);
}

TEST(SplatCloud, ASmallPartCloseToTheRestIsInTheFocus) {
    SplatData d = line(100); // x from 0 to 99
    for (std::size_t i = 0; i < 100; ++i) d.positions[3 * i + 2] = 0;
    for (std::size_t i = 97; i < 100; ++i) d.positions[3 * i] = 110; // three of a hundred, a little beyond
    const Focus focus = SplatCloud(d, "line").focus();
    EXPECT_GE(focus.center[0] + focus.radius, 110);
}

TEST(SplatCloud, TheHashIsOfTheContentNotTheName) {
    SplatData d = line(3);
    const Hash128 hash = SplatCloud(d, "a").hash();
    EXPECT_EQ(SplatCloud(d, "b").hash(), hash);
    d.opacities[2] = 2;
    EXPECT_NE(SplatCloud(d, "a").hash(), hash);
    d.opacities[2] = 1;
    d.antialiased = true;
    EXPECT_NE(SplatCloud(d, "a").hash(), hash);
}

TEST(SplatCloud, ArraysThatDoNotAgreeAreRefused) {
    SplatData d = line(3);
    d.sh0.pop_back();
    test::expectError([&] { SplatCloud(d, "x"); }, "colours");
    d = line(3);
    d.shDegree = 1;
    test::expectError([&] { SplatCloud(d, "x"); }, "SH coefficients");
    d.shDegree = 4;
    test::expectError([&] { SplatCloud(d, "x"); }, "SH degree 4");
}

} // namespace
} // namespace ochre
