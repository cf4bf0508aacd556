// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Batches.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

/// 2×2 pictures that say which example they are, and which draw.
class Numbers : public Dataset {
public:
    explicit Numbers(std::size_t count) : m_count(count) {}
    std::size_t size() const override { return m_count; }
    Example example(std::size_t index, std::uint64_t draw) const override {
        const auto value = static_cast<std::uint8_t>(index);
        return {2, 2, 1, {value, value, value, value}, std::to_string(draw), static_cast<int>(index)};
    }

private:
    std::size_t m_count;
};

TEST(Batches, EachEpochHasEveryExampleOnceInAnOrderOfItsOwn) {
    const auto first = shuffled(100, 1, 0), second = shuffled(100, 1, 1);
    EXPECT_EQ(std::set(first.begin(), first.end()).size(), 100u);
    EXPECT_NE(first, second);
    EXPECT_EQ(first, shuffled(100, 1, 0));
    EXPECT_NE(first, shuffled(100, 2, 0));
}

TEST(Batches, AreTheSameWhicheverWayTheyAreComeTo) {
    const auto data = std::make_shared<Numbers>(50);
    Batches all(data, 4, 2, 9);
    std::vector<std::string> seen;
    for (int step = 0; step < 30; ++step)
        for (int part = 0; part < 2; ++part)
            for (const Example& example : all.part(step, part)) seen.push_back(std::to_string(example.label) + " " + example.caption);
    Batches later(data, 4, 2, 9); // one of two processes, that starts in the middle
    const auto some = later.part(20, 1);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(seen[(20 * 2 + 1) * 4 + i], std::to_string(some[i].label) + " " + some[i].caption);
}

TEST(Batches, HeldOutExamplesAreNeverGiven) {
    Batches batches(std::make_shared<Numbers>(200), 10, 1, 3, 8);
    const auto& out = batches.heldOut();
    EXPECT_GT(out.size(), 5u);
    for (int step = 0; step < 40; ++step)
        for (const Example& example : batches.part(step, 0))
            EXPECT_EQ(std::count(out.begin(), out.end(), static_cast<std::uint32_t>(example.label)), 0);
    EXPECT_EQ(Batches(std::make_shared<Numbers>(200), 1, 1, 77, 8).heldOut(), out); // whatever the seed
    test::expectError([] { Batches(std::make_shared<Numbers>(0), 1, 1, 0); }, "has no examples");
}

TEST(Batches, PicturesRunFromMinusOneToOne) {
    const nn::Tensor x = picturesOf({{2, 1, 3, {0, 255, 51, 255, 0, 102}, "", 0}});
    EXPECT_EQ(x.sizes(), (std::vector<std::int64_t>{1, 3, 1, 2}));
    EXPECT_FLOAT_EQ(x[0][0][0][0].item<float>(), -1);
    EXPECT_FLOAT_EQ(x[0][1][0][0].item<float>(), 1);
    EXPECT_FLOAT_EQ(x[0][2][0][1].item<float>(), -0.2f);
    EXPECT_TRUE(x.is_contiguous(at::MemoryFormat::ChannelsLast));
}

} // namespace
} // namespace ochre::training
