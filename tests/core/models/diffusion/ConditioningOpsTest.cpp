// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/ConditioningOps.h"

#include <gtest/gtest.h>

#include "tests/core/models/diffusion/Wave.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using nn::Tensor;

Conditioning prompt(std::int64_t tokens, double start, bool pooled = true) {
    ConditioningEntry entry;
    entry.states = wave({1, tokens, 6}, 0.37, start);
    if (pooled) entry.pooled = wave({1, 3}, 0.5, start);
    Conditioning conditioning;
    conditioning.entries.push_back(entry);
    return conditioning;
}

double difference(const Tensor& a, const Tensor& b) {
    return nn::maxAbsDifference(a, b);
}

TEST(ConditioningOps, CombineKeepsAllEntries) {
    const Conditioning a = withRange(prompt(4, 0), 0, 0.5), b = prompt(8, 1);
    const Conditioning both = combined(a, b);
    ASSERT_EQ(both.entries.size(), 2u);
    EXPECT_EQ(both.entries[0].end, 0.5);
    EXPECT_EQ(both.entries[1].states.size(1), 8);
}

TEST(ConditioningOps, CombineSaysInWordsThatItAverages) {
    const auto named = [](const char* text) {
        Conditioning c = prompt(4, 0);
        c.text = text;
        return c;
    };
    EXPECT_EQ(combined(named(std::string(200'000, 'x').c_str()), named("a")).text.size(), 200'006u);
    EXPECT_EQ(combined(named("a cat"), named("")).text, "a cat");
    EXPECT_EQ(combined(named("a cat AND a dog"), named("a bird")).text, "a cat AND a dog AND a bird");
}

TEST(ConditioningOps, ConcatPutsTheTokensBehindAndKeepsThePooledVector) {
    const Conditioning to = combined(prompt(4, 0), prompt(5, 2)), from = combined(prompt(3, 1), prompt(9, 3));
    const Conditioning longer = concatenated(to, from);
    ASSERT_EQ(longer.entries.size(), 2u);
    EXPECT_EQ(longer.entries[1].states.size(1), 8) << "the first entry of `from` alone";
    EXPECT_EQ(difference(longer.entries[0].states.narrow(1, 4, 3), from.entries[0].states), 0);
    EXPECT_EQ(difference(longer.entries[0].pooled, to.entries[0].pooled), 0);
}

TEST(ConditioningOps, AverageFillsUpOrCutsTheOther) {
    const Conditioning to = prompt(4, 0), shorter = prompt(3, 1), longer = prompt(6, 1);
    const Tensor mixed = averaged(to, shorter, 0.25).entries[0].states;
    ASSERT_EQ(mixed.size(1), 4);
    const Tensor head =
        to.entries[0].states.narrow(1, 0, 3).mul(0.25).add(shorter.entries[0].states.mul(0.75));
    EXPECT_LT(difference(mixed.narrow(1, 0, 3), head), 1e-7);
    EXPECT_LT(difference(mixed.narrow(1, 3, 1), to.entries[0].states.narrow(1, 3, 1).mul(0.25)), 1e-7);
    const Conditioning cut = averaged(to, longer, 0.0);
    EXPECT_EQ(difference(cut.entries[0].states, longer.entries[0].states.narrow(1, 0, 4)), 0);
    EXPECT_EQ(difference(cut.entries[0].pooled, longer.entries[0].pooled), 0);
    EXPECT_EQ(difference(averaged(to, longer, 1.0).entries[0].states, to.entries[0].states), 0);
}

TEST(ConditioningOps, AverageTakesThePooledVectorThatIsThere) {
    const Conditioning with = prompt(4, 0), without = prompt(4, 1, false);
    EXPECT_EQ(difference(averaged(with, without, 0.3).entries[0].pooled, with.entries[0].pooled), 0);
    EXPECT_LT(difference(averaged(without, with, 0.3).entries[0].pooled, with.entries[0].pooled), 1e-7);
    EXPECT_FALSE(averaged(without, without, 0.3).entries[0].pooled.defined());
}

TEST(ConditioningOps, ZeroLeavesNothingOfThePrompt) {
    const Conditioning zero = zeroed(withRange(prompt(4, 0), 0.25, 1));
    EXPECT_EQ(nn::maxAbs(zero.entries[0].states), 0);
    EXPECT_EQ(nn::maxAbs(zero.entries[0].pooled), 0);
    EXPECT_EQ(zero.entries[0].start, 0.25);
}

TEST(ConditioningOps, AreaMaskAndRangeGoToEachEntry) {
    const Conditioning both = combined(prompt(4, 0), prompt(4, 1));
    const ConditioningArea area{1, 2, 8, 16, false};
    const Tensor mask = wave({1, 5, 7});
    const Conditioning changed = withRange(withMask(withArea(both, area, 0.5), mask, 2.0, true), 0.1, 0.9);
    for (const ConditioningEntry& entry : changed.entries) {
        EXPECT_EQ(entry.area, area);
        EXPECT_EQ(entry.strength, 0.5);
        EXPECT_EQ(difference(entry.mask, mask), 0);
        EXPECT_EQ(entry.maskStrength, 2.0);
        EXPECT_TRUE(entry.maskBounds);
        EXPECT_EQ(entry.start, 0.1);
        EXPECT_EQ(entry.end, 0.9);
    }
    EXPECT_FALSE(withArea(changed, area, 1).entries[0].maskBounds)
        << "an area of its own replaces the mask's bounds";
    EXPECT_FALSE(both.entries[0].area) << "the input stays";
}

TEST(ConditioningOps, WalkGoesEvenlyFromOneToTheOther) {
    const Conditioning a = prompt(2, 0), b = prompt(4, 1);
    const std::vector<Conditioning> steps = walk(a, b, 3);
    ASSERT_EQ(steps.size(), 3u);
    EXPECT_EQ(difference(steps[0].entries[0].states.narrow(1, 0, 2), a.entries[0].states), 0);
    EXPECT_EQ(nn::maxAbs(steps[0].entries[0].states.narrow(1, 2, 2)), 0)
        << "the shorter is filled with zeros";
    EXPECT_EQ(difference(steps[2].entries[0].states, b.entries[0].states), 0);
    const Tensor middle = steps[0].entries[0].states.add(steps[2].entries[0].states).mul(0.5);
    EXPECT_LT(difference(steps[1].entries[0].states, middle), 1e-7);
    EXPECT_LT(difference(steps[1].entries[0].pooled, a.entries[0].pooled.add(b.entries[0].pooled).mul(0.5)),
              1e-7);
}

TEST(ConditioningOps, TextsGoAlongForTheMetadata) {
    Conditioning a = prompt(4, 0), b = prompt(4, 1);
    a.text = "a cat";
    EXPECT_EQ(combined(a, b).text, "a cat");
    b.text = "a dog";
    EXPECT_EQ(combined(a, b).text, "a cat :0.5 AND a dog :0.5");
    EXPECT_EQ(concatenated(a, b).text, "a cat BREAK a dog");
    EXPECT_EQ(withRange(a, 0, 1).text, "a cat");
    EXPECT_TRUE(zeroed(a).text.empty());
}

TEST(ConditioningOps, SaysWhatDoesNotFit) {
    const Conditioning sd1 = prompt(4, 0);
    Conditioning sdxl = prompt(4, 0);
    sdxl.family = DiffusionFamily::Sdxl;
    for (const auto& join : {std::function<void()>([&] { combined(sd1, sdxl); }),
                             {[&] { concatenated(sd1, sdxl); }},
                             {[&] { averaged(sd1, sdxl, 0.5); }},
                             {[&] { walk(sd1, sdxl, 2); }}})
        test::expectError(join, title(DiffusionFamily::Sdxl));
    Conditioning wide = sd1;
    wide.entries[0].states = wave({1, 4, 8});
    test::expectError([&] { concatenated(sd1, wide); }, "6 and 8 wide");
    test::expectError([&] { averaged(sd1, Conditioning{}, 0.5); }, "no prompt");
    test::expectError([&] { walk(sd1, sd1, 1); }, "1 steps");
    test::expectError([&] { withArea(sd1, {0, 0, 0, 8, false}, 1); }, "0×8");
    test::expectError([&] { withArea(sd1, {0, 0, 1.5, 1, true}, 1); }, "no shares");
    test::expectError([&] { withRange(sd1, -0.1, 1); }, "-0.1");
    test::expectError([&] { withMask(sd1, wave({1, 1, 2, 2}), 1, false); }, "4 sides");
}

} // namespace
} // namespace ochre::models
