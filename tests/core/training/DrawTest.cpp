// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Draw.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace ochre::training {
namespace {

// Kept numbers: a change here changes what every training run that is taken up again would see.
TEST(Draw, GivesTheSameNumbersForEver) {
    Draw draw(1, 2, 3);
    std::vector<std::uint64_t> seen;
    for (int i = 0; i < 3; ++i) seen.push_back(draw.bits());
    EXPECT_EQ(seen,
              (std::vector<std::uint64_t>{0xbfac9ab21638028fu, 0x7f0492b9b7eccff1u, 0x5425d2a24b45a76bu}));
}

TEST(Draw, NeighboursDiffer) {
    EXPECT_NE(Draw(1, 2, 3).bits(), Draw(1, 2, 4).bits());
    EXPECT_NE(Draw(1, 2, 3).bits(), Draw(1, 3, 3).bits());
    EXPECT_NE(Draw(1, 2, 3).bits(), Draw(2, 2, 3).bits());
    EXPECT_NE(Draw(0, 1, 0).bits(), Draw(0, 0, 1).bits());
}

TEST(Draw, FollowsItsWeights) {
    const std::array<double, 3> weights = {1, 0, 3};
    std::array<int, 3> counts{};
    Draw draw(7, 0, 0);
    for (int i = 0; i < 40000; ++i) ++counts[draw.weighted(weights)];
    EXPECT_EQ(counts[1], 0);
    EXPECT_NEAR(counts[2] / 40000.0, 0.75, 0.01);
}

TEST(Draw, SpreadsEvenly) {
    Draw draw(7, 1, 0);
    std::array<int, 10> counts{};
    double sum = 0;
    for (int i = 0; i < 50000; ++i) {
        ++counts[draw.below(10)];
        const double u = draw.unit();
        ASSERT_GE(u, 0);
        ASSERT_LT(u, 1);
        sum += u;
    }
    for (const int count : counts) EXPECT_NEAR(count, 5000, 300);
    EXPECT_NEAR(sum / 50000, 0.5, 0.01);
}

} // namespace
} // namespace ochre::training
