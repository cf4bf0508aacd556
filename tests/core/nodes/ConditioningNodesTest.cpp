// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "core/nodes/DiffusionValues.h"
#include "tests/core/models/diffusion/Wave.h"
#include "tests/core/nodes/NodeBench.h"

namespace ochre::nodes {
namespace {

using models::Conditioning;
using models::wave;

Conditioning prompt(std::int64_t tokens, double start,
                    models::DiffusionFamily family = models::DiffusionFamily::Sd1) {
    models::ConditioningEntry entry;
    entry.states = wave({1, tokens, 6}, 0.37, start);
    entry.pooled = wave({1, 3}, 0.5, start);
    Conditioning conditioning;
    conditioning.entries.push_back(entry);
    conditioning.family = family;
    return conditioning;
}

graph::Value value(std::int64_t tokens, double start) {
    return makeConditioningValue(prompt(tokens, start));
}

Conditioning runPrompt(const NodeBench& bench) {
    return bench.run("conditioning").as<Conditioning>();
}

TEST(ConditioningNodes, JoinTwoPrompts) {
    const auto joined = [](const char* id, const char* first, const char* second) {
        return NodeBench(id).give(first, value(4, 0)).give(second, value(3, 1));
    };
    EXPECT_EQ(runPrompt(joined("conditioning.combine", "a", "b")).entries.size(), 2u);
    EXPECT_EQ(runPrompt(joined("conditioning.concat", "to", "from")).entries[0].states.size(1), 7);
    const Conditioning whole = runPrompt(joined("conditioning.average", "to", "from"));
    EXPECT_EQ(nn::maxAbsDifference(whole.entries[0].states, prompt(4, 0).entries[0].states), 0);
    const Conditioning half = runPrompt(joined("conditioning.average", "to", "from").set("strength", 0.5));
    EXPECT_LT(
        nn::maxAbsDifference(half.entries[0].pooled,
                             prompt(4, 0).entries[0].pooled.add(prompt(3, 1).entries[0].pooled).mul(0.5)),
        1e-7);
}

TEST(ConditioningNodes, SayWhereWhenAndHowStrongly) {
    const auto one = [](const char* id) { return NodeBench(id).give("conditioning", value(4, 0)); };
    const auto area =
        runPrompt(one("conditioning.area").set("x", 15.0).set("y", 8.0).set("width", 130.0)).entries[0];
    EXPECT_EQ(area.area, (models::ConditioningArea{1, 1, 16, 8, false})) << "whole latent pixels";
    EXPECT_EQ(area.strength, 1);
    const auto part = runPrompt(one("conditioning.area")
                                    .set("unit", std::string("share"))
                                    .set("width", 0.5)
                                    .set("height", 1.0)
                                    .set("strength", 2.0))
                          .entries[0];
    EXPECT_EQ(part.area, (models::ConditioningArea{0, 0, 0.5, 1, true}));
    EXPECT_EQ(part.strength, 2);
    const auto range = runPrompt(one("conditioning.range").set("start", 0.25)).entries[0];
    EXPECT_EQ(range.start, 0.25);
    EXPECT_EQ(range.end, 1);
    Image mask(3, 2, 1, ColorSpace::Raw);
    const auto masked = runPrompt(one("conditioning.mask")
                                      .give("mask", makeMaskValue(mask))
                                      .set("bounds", true)
                                      .set("strength", 0.5))
                            .entries[0];
    EXPECT_EQ(masked.mask.sizes(), at::IntArrayRef({1, 2, 3}));
    EXPECT_TRUE(masked.maskBounds);
    EXPECT_EQ(masked.maskStrength, 0.5);
    EXPECT_EQ(nn::maxAbs(runPrompt(one("conditioning.zero")).entries[0].states), 0);
}

TEST(ConditioningNodes, AWalkIsAListOfItsSteps) {
    const auto walk = [](std::int64_t count) {
        return NodeBench("conditioning.interpolate")
            .give("a", value(4, 0))
            .give("b", value(4, 1))
            .set("count", count);
    };
    const std::vector<graph::Value> steps = walk(5).runList("conditioning");
    ASSERT_EQ(steps.size(), 5u);
    const nn::Tensor a = prompt(4, 0).entries[0].states, b = prompt(4, 1).entries[0].states;
    EXPECT_LT(
        nn::maxAbsDifference(steps[1].as<Conditioning>().entries[0].states, a.mul(0.75).add(b.mul(0.25))),
        1e-6);
    EXPECT_EQ(nn::maxAbsDifference(steps[4].as<Conditioning>().entries[0].states, b), 0);
    EXPECT_EQ(walk(2).runList("conditioning").size(), 2u);
}

TEST(ConditioningNodes, RefuseWhatDoesNotFit) {
    const graph::Value other = makeConditioningValue(prompt(4, 0, models::DiffusionFamily::Sdxl));
    const Error error = NodeBench("conditioning.combine").give("a", value(4, 0)).give("b", other).fails();
    EXPECT_NE(error.full().find(models::title(models::DiffusionFamily::Sdxl)), std::string::npos)
        << error.full();
    const Error small =
        NodeBench("conditioning.area").give("conditioning", value(4, 0)).set("width", 7.0).fails();
    EXPECT_NE(small.full().find("0×8"), std::string::npos) << small.full();
    const Error share = NodeBench("conditioning.area")
                            .give("conditioning", value(4, 0))
                            .set("unit", std::string("share"))
                            .fails();
    EXPECT_NE(share.full().find("no shares"), std::string::npos) << share.full();
}

} // namespace
} // namespace ochre::nodes
