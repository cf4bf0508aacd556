// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/quality/CaptionMatcher.h"

#include <gtest/gtest.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "tests/core/models/diffusion/RandomWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Config = CaptionMatcher::Config;

Config smallConfig() {
    return {.side = 32, .unshuffle = 4, .widths = {32, 64}, .blocks = 1, .states = 16, .width = 8, .layers = 2, .tokens = 6, .embedding = 12};
}

nn::Tensor normal(at::IntArrayRef shape, std::uint64_t seed) {
    at::Generator generator = tensor::generator(seed);
    return nn::randn(shape, generator);
}

class SmallMatcher : public ::testing::Test {
protected:
    tensor::Weights weights = test::randomWeights(smallConfig().expected());
    CaptionMatcher matcher{weights, smallConfig()};
    nn::Tensor pictures = normal({3, 3, 32, 32}, 1), states = normal({2, 5, 16}, 2), mask = nn::zeros({2, 5}).add(1);
};

TEST_F(SmallMatcher, IsKnownByKeysAndShapes) {
    const auto config = Config::fromWeights(weights);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->expected(), smallConfig().expected());
    EXPECT_EQ(config->side, 32);
    EXPECT_EQ(config->unshuffle, 4);
    EXPECT_EQ(config->tokens, 6);
    EXPECT_EQ(config->layers, 2);
    EXPECT_FALSE(Config::fromWeights(test::randomWeights({{"picture.stem.weight", {32, 48, 3, 3}}})));
    Config other = smallConfig();
    other.embedding = 13;
    test::expectError([&] { CaptionMatcher(weights, other); }, "expected");
}

TEST_F(SmallMatcher, ResultsHaveLengthOneAndCosinesAreScaled) {
    const nn::Tensor p = matcher.pictures(pictures), c = matcher.captions(states, mask);
    ASSERT_EQ(p.sizes(), at::IntArrayRef({3, 12}));
    ASSERT_EQ(c.sizes(), at::IntArrayRef({2, 12}));
    EXPECT_LT(nn::maxAbs(p.square().sum({1}).sub(1)), 1e-5);
    EXPECT_LT(nn::maxAbs(c.square().sum({1}).sub(1)), 1e-5);
    const nn::Tensor logits = matcher.logits(p, c), cosines = p.matmul(c.t());
    const double scale = logits[0][0].item<double>() / cosines[0][0].item<double>();
    EXPECT_GT(scale, 1);
    EXPECT_LT(nn::maxAbsDifference(logits, cosines.mul(scale)), 1e-4);
}

TEST_F(SmallMatcher, WhatStandsAtPaddingChangesNothing) {
    const nn::Tensor longer = nn::cat({states, normal({2, 1, 16}, 3)}, 1), ended = nn::cat({mask, nn::zeros({2, 1})}, 1);
    EXPECT_LT(nn::maxAbsDifference(matcher.captions(states, mask), matcher.captions(longer, ended)), 1e-5);
}

TEST_F(SmallMatcher, OrderOfTokensAndPlaceInThePictureCount) {
    EXPECT_GT(nn::maxAbsDifference(matcher.captions(states, mask), matcher.captions(states.flip({1}), mask)), 1e-3);
    // A spot on one side or the other: the same but for its place.
    nn::Tensor left = nn::zeros({1, 3, 32, 32});
    left.narrow(2, 12, 8).narrow(3, 4, 8).fill_(1);
    EXPECT_GT(nn::maxAbsDifference(matcher.pictures(left), matcher.pictures(left.flip({3}))), 1e-3);
}

TEST_F(SmallMatcher, OtherSizesAreRefused) {
    test::expectError([&] { matcher.pictures(normal({1, 3, 32, 16}, 1)); }, "takes pictures [N, 3, 32, 32]");
    test::expectError([&] { matcher.captions(normal({1, 7, 16}, 1), nn::zeros({1, 7})); }, "up to 6");
    test::expectError([&] { matcher.captions(normal({1, 5, 8}, 1), nn::zeros({1, 5})); }, "16]");
}

} // namespace
} // namespace ochre::models
