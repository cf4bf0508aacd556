// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "core/models/vision/Sam.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

tensor::Weights weightsOf(const char* architecture) {
    return tensor::Weights::open(
        test::sourceFile(std::string("tests/parity/") + architecture + "/end_to_end/weights.safetensors"));
}

class SamDecoderCase : public ::testing::Test {
protected:
    static nn::Tensor floats(std::vector<float> values, at::IntArrayRef shape) { return nn::fromValues(values, shape); }
    tensor::Weights m_weights = weightsOf("sam");
    Sam m_model{m_weights, Sam::Config::fromWeights(m_weights).value()};
    const SamDecoder& m_decoder = m_model.decoder();
    int m_channels = m_decoder.config().channels;
    SamDecoder::Picture m_picture =
        m_decoder.prepare(nn::linspace(-1, 2, 36 * m_channels).view({1, m_channels, 6, 6}).sin(), 96, 96);
    SamPrompt m_two{.points = floats({10, 20, 30, 40}, {2, 1, 2}), .labels = floats({1, 0}, {2, 1}).to(at::kLong)};
};

TEST_F(SamDecoderCase, SeveralPromptsTogetherAreEachAsAlone) {
    const auto both = m_decoder.decode(m_picture, m_two, true);
    for (std::int64_t i = 0; i < 2; ++i) {
        const auto one = m_decoder.decode(
            m_picture, {.points = m_two.points.narrow(0, i, 1), .labels = m_two.labels.narrow(0, i, 1)}, true);
        EXPECT_LT(nn::maxAbsDifference(one.masks, both.masks.narrow(0, i, 1)), 1e-4);
        EXPECT_LT(nn::maxAbsDifference(one.scores, both.scores.narrow(0, i, 1)), 1e-5);
    }
}

TEST_F(SamDecoderCase, AnEarlierAnswerChangesTheNextAndPreparedPicturesStay) {
    const auto first = m_decoder.decode(m_picture, m_two, false);
    EXPECT_EQ(first.masks.sizes(), at::IntArrayRef({2, 1, 24, 24}));
    SamPrompt again = m_two;
    again.masks = first.masks;
    EXPECT_GT(nn::maxAbsDifference(m_decoder.decode(m_picture, again, false).masks, first.masks), 1e-3);
    EXPECT_EQ(nn::maxAbsDifference(m_decoder.decode(m_picture, m_two, false).masks, first.masks), 0);
}

TEST_F(SamDecoderCase, WrongPromptsAreErrors) {
    const auto fails = [&](const SamPrompt& prompt, const char* part) {
        test::expectError([&] { m_decoder.decode(m_picture, prompt, true); }, part);
    };
    SamPrompt bad = m_two;
    bad.labels = nn::Tensor();
    fails(bad, "go together");
    bad = m_two;
    bad.labels = floats({1, 5}, {2, 1}).to(at::kLong);
    fails(bad, "labels");
    bad = m_two;
    bad.points = floats({1, 2, 3, std::numeric_limits<float>::infinity()}, {2, 1, 2});
    fails(bad, "no number");
    bad = m_two;
    bad.masks = nn::zeros({2, 1, 24, 23});
    fails(bad, "mask prompts are");
    test::expectError([&] { m_decoder.prepare(nn::zeros({2, m_channels, 6, 6}), 96, 96); }, "features");
}

TEST(Sam, HalvesOfItAreKnown) {
    const auto weights = weightsOf("sam");
    const auto encoder = Sam::Config::fromWeights(weights.sub("image_encoder."));
    ASSERT_TRUE(encoder && encoder->vit);
    EXPECT_FALSE(encoder->whole());
    EXPECT_EQ(encoder->vit->windows, (std::vector<int>{4, 6})) << "a window and the whole picture";
    const Sam alone(weights.sub("image_encoder."), *encoder);
    test::expectError([&] { alone.decoder(); }, "no mask decoder");
    test::expectError([&] { alone.encode(nn::zeros({1, 3, 96, 80})); }, "[N, 3, 96, 96]");
    EXPECT_TRUE(Sam::Config::fromWeights(weightsOf("mobile_sam"))->tiny.has_value());
    EXPECT_FALSE(Sam::Config::fromWeights(weights.sub("mask_decoder.")));
}

TEST(Sam, PaddingIsOfZerosAfterNormalising) {
    const nn::Tensor image = nn::zeros({1, 3, 2, 3}).add(255);
    const nn::Tensor seen = Sam::prepare(image, 4);
    EXPECT_NEAR(seen.select(1, 0).select(1, 0).select(1, 0).item<float>(), (255 - 123.675) / 58.395, 1e-5);
    EXPECT_EQ(nn::maxAbs(seen.narrow(2, 2, 2)), 0);
    EXPECT_EQ(nn::maxAbs(seen.narrow(3, 3, 1)), 0);
    test::expectError([&] { Sam::prepare(image, 2); }, "sides up to 2");
}

} // namespace
} // namespace ochre::models
