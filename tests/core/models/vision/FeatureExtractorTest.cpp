// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/FeatureExtractor.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/models/vision/DinoV2.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

std::filesystem::path weights() {
    return test::sourceFile("tests/parity/dinov2/interpolated_registers/weights.safetensors");
}

/// Left half dark, right half bright.
Image halves(int width, int height, int channels = 3) {
    Image image(width, height, channels);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = (i / static_cast<std::size_t>(channels)) % static_cast<std::size_t>(width) < static_cast<std::size_t>(width) / 2
                        ? 0.1f
                        : 0.9f;
    return image;
}

TEST(FeatureExtractor, ThePictureHasItsSizeAndUsesTheWholeRange) {
    const FeatureExtractor extractor = FeatureExtractor::open(weights());
    for (const int channels : {1, 3, 4}) {
        const Image image = halves(90, 61, channels), seen = extractor.picture(image, 126);
        EXPECT_EQ(seen.width(), 90);
        EXPECT_EQ(seen.height(), 61);
        EXPECT_EQ(seen.channels(), 3);
        for (const float v : seen.values()) ASSERT_TRUE(v >= 0 && v <= 1);
        EXPECT_GT(std::ranges::max(seen.values()) - std::ranges::min(seen.values()), 0.8f);
        EXPECT_TRUE(std::ranges::equal(seen.values(), extractor.picture(image, 126).values()));
    }
    EXPECT_NO_THROW(extractor.picture(halves(3, 200), 14)) << "a single column of patches";
    test::expectError([&] { extractor.picture({}); }, "no picture");
}

TEST(FeatureExtractor, AnotherNetworkIsNamed) {
    test::expectError(
        [] { FeatureExtractor::open(test::sourceFile("tests/parity/yolox/depthwise/weights.safetensors")); }, "features can be shown");
}

TEST(DinoV2, OddPicturesAndHeadsAreErrors) {
    const auto file = tensor::Weights::open(weights());
    auto config = DinoV2::Config::fromWeights(file).value();
    EXPECT_EQ(config.registers, 4);
    EXPECT_EQ(config.grid, 4);
    const DinoV2 model(file, config);
    test::expectError([&] { model.forward(nn::zeros({1, 3, 28, 30})); }, "multiples of 14");
    config.heads = 7;
    test::expectError([&] { DinoV2(file, config); }, "equal heads");
}

} // namespace
} // namespace ochre::models
