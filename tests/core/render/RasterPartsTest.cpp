// SPDX-License-Identifier: GPL-3.0-or-later
// The fast CPU renderer's parts, each on its own.
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/render/cpu/Sort.h"
#include "core/render/cpu/Raster.h"

namespace ochre::raster {
namespace {

std::vector<const Kernels*> kernels() {
    const Kernels* found[3];
    const int count = usableKernels(found);
    return {found, found + count};
}

TEST(Sort, IsWhatAStableSortByTheKeyGives) {
    TaskPool pool(3);
    Pages<Entry> room;
    EXPECT_TRUE(rc::check("sorted, and equal keys in their order", [&] {
        // Sizes of one piece and of several; keys of all bits and of few values.
        const auto n = *rc::gen::element<std::size_t>(0, 1, 2, 255, 5000, 70'000, 300'000);
        const auto mask = *rc::gen::element<std::uint32_t>(0xffffffff, 0xff, 0x7, 0xff00ff00, 0, 0xf0000000);
        std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
        Pages<Entry> entries(n);
        for (std::size_t i = 0; i < n; ++i) entries[i] = {static_cast<std::uint32_t>(random()) & mask, static_cast<std::uint32_t>(i)};
        Pages<Entry> expected = entries;
        std::stable_sort(expected.begin(), expected.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
        sortEntries(entries, room, pool);
        RC_ASSERT(std::equal(entries.begin(), entries.end(), expected.begin(), expected.end(),
                             [](const Entry& a, const Entry& b) { return a.key == b.key && a.index == b.index; }));
    }));
}

TEST(DepthKeys, AreOrderedAsTheDepthsAre) {
    EXPECT_TRUE(rc::check("a larger depth has a key that is no smaller", [] {
        const double near = std::exp2(*rc::gen::inRange(-20, 10)), far = near * std::exp2(*rc::gen::inRange(0, 40));
        const DepthKeys keys(near, far);
        std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
        std::uniform_real_distribution<double> unit(0, 1);
        for (int i = 0; i < 1000; ++i) {
            const double a = near * std::pow(far / near, unit(random)), b = a * (1 + std::exp2(-60 * unit(random)));
            RC_ASSERT(keys(a) <= keys(b));
        }
        RC_ASSERT(keys(near) == 0u);
        RC_ASSERT(keys(2 * far) >= keys(far));
    }));
    // Finer than floats, whose step is 2⁻²³ of the depth.
    const DepthKeys keys(0.2, 100);
    for (const double depth : {0.2, 1.0, 7.3, 99.0}) EXPECT_LT(keys(depth), keys(depth * (1 + std::exp2(-26)))) << depth;
}

TEST(Numbers, PowersOfTwoAreRightToTheLastBits) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> any(-126, 127), usual(-8, 0);
    for (const Kernels* k : kernels())
        for (int round = 0; round < 20000; ++round) {
            float x[16], y[16];
            for (float& v : x) v = round % 2 ? usual(random) : any(random);
            k->exp2(x, y);
            for (int i = 0; i < 16; ++i) ASSERT_NEAR(y[i] / std::exp2(double{x[i]}), 1, 2e-7) << k->name << " of " << x[i];
        }
    for (const Kernels* k : kernels()) {
        float x[16] = {0, 1, -1, 10, -126, -1000, -INFINITY, 127, 500}, y[16];
        k->exp2(x, y);
        EXPECT_EQ(y[0], 1.0f);
        EXPECT_EQ(y[1], 2.0f);
        EXPECT_EQ(y[2], 0.5f);
        EXPECT_EQ(y[3], 1024.0f);
        EXPECT_EQ(y[4], 0x1p-126f);
        EXPECT_EQ(y[5], 0x1p-126f); // what is further down counts as this
        EXPECT_EQ(y[6], 0x1p-126f);
        EXPECT_EQ(y[8], y[7]);
    }
}

TEST(Numbers, LogarithmsAreRightToTheLastBits) {
    std::mt19937 random(2);
    std::uniform_real_distribution<float> any(-126, 127), nearOne(-1, 1);
    for (const Kernels* k : kernels())
        for (int round = 0; round < 20000; ++round) {
            float x[16], y[16];
            for (float& v : x) v = std::exp2(round % 2 ? nearOne(random) : any(random));
            k->log2(x, y);
            for (int i = 0; i < 16; ++i) {
                const double exact = std::log2(double{x[i]});
                ASSERT_NEAR(y[i], exact, 2e-7 * std::max(1.0, std::abs(exact))) << k->name << " of " << x[i];
            }
        }
}

} // namespace
} // namespace ochre::raster
