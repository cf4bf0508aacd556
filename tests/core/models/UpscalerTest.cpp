// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Upscaler.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/tensor/ConvertWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

std::filesystem::path compactWeights() {
    return test::sourceFile("tests/parity/srvggnetcompact/x2_prelu_batch2/weights.safetensors");
}

/// Smooth shapes with edges in every channel.
Image drawing(int width, int height, int channels) {
    Image image(width, height, channels);
    const auto values = image.edit();
    std::size_t i = 0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < channels; ++c)
                values[i++] = 0.5f +
                              0.3f * std::sin(0.2f * static_cast<float>(x + c)) *
                                  std::cos(0.15f * static_cast<float>(y)) +
                              ((x / 9 + y / 7) % 2 ? 0.15f : 0.0f);
    return image;
}

/// Share of values that differ by more than 2/255.
double differing(const Image& a, const Image& b) {
    EXPECT_EQ(a.valueCount(), b.valueCount());
    std::size_t count = 0;
    for (std::size_t i = 0; i < a.valueCount(); ++i)
        count += std::abs(a.values()[i] - b.values()[i]) > 2.0f / 255.0f;
    return static_cast<double>(count) / static_cast<double>(a.valueCount());
}

TEST(Upscaler, RecognisesByContentAndEnlargesEveryKindOfPicture) {
    const Upscaler upscaler = Upscaler::open(compactWeights());
    EXPECT_EQ(upscaler.architecture(), "srvggnetcompact");
    EXPECT_EQ(upscaler.scale(), 2);
    EXPECT_TRUE(upscaler.unusedKeys().empty());
    for (int channels = 1; channels <= 4; ++channels) {
        Image image = drawing(20, 13, channels);
        image.setMetadata("Title", "t");
        const Image big = upscaler.upscale(image);
        EXPECT_EQ(big.width(), 40);
        EXPECT_EQ(big.height(), 26);
        EXPECT_EQ(big.channels(), channels);
        EXPECT_EQ(big.metadata().at("Title"), "t");
        for (const float v : big.values()) ASSERT_TRUE(v >= 0 && v <= 1);
    }
}

TEST(Upscaler, AnOpaqueAlphaStaysOpaqueAndColoursDoNotDependOnAlpha) {
    const Upscaler upscaler = Upscaler::open(compactWeights());
    const Image rgb = drawing(16, 16, 3);
    Image rgba(16, 16, 4);
    const auto values = rgba.edit();
    for (std::size_t i = 0; i < rgb.pixelCount(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) values[4 * i + c] = rgb.values()[3 * i + c];
        values[4 * i + 3] = 1.0f;
    }
    const Image a = upscaler.upscale(rgb), b = upscaler.upscale(rgba);
    for (std::size_t i = 0; i < a.pixelCount(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(a.values()[3 * i + c], b.values()[4 * i + c]);
        ASSERT_EQ(b.values()[4 * i + 3], 1.0f);
    }
}

TEST(Upscaler, TilesOfEverySizeLeaveNoSeams) {
    const Upscaler upscaler = Upscaler::open(compactWeights());
    const Image image = drawing(75, 61, 3);
    UpscaleReport whole;
    const Image reference = upscaler.upscale(image, {}, {}, {}, &whole);
    EXPECT_EQ(whole.tiles, 1);
    for (const int tile : {8, 16, 20, 32, 50}) {
        UpscaleReport report;
        const Image tiled = upscaler.upscale(image, {.tile = tile}, {}, {}, &report);
        EXPECT_GT(report.tiles, 1);
        EXPECT_LE(differing(reference, tiled), 0.001) << "tile " << tile;
    }
}

TEST(Upscaler, TheEdgeOfThePictureIsSeenMirrored) {
    const Upscaler upscaler = Upscaler::open(compactWeights()); // sees a few pixels far
    constexpr int side = 40, around = 12;
    const Image image = drawing(side, side, 3);
    Image mirrored(side + 2 * around, side + 2 * around, 3);
    const auto values = mirrored.edit();
    const auto within = [](int i) { return i < 0 ? -i : i >= side ? 2 * side - 2 - i : i; };
    for (int y = 0; y < mirrored.height(); ++y)
        for (int x = 0; x < mirrored.width(); ++x)
            for (int c = 0; c < 3; ++c)
                values[static_cast<std::size_t>((y * mirrored.width() + x) * 3 + c)] =
                    image.values()[static_cast<std::size_t>((within(y - around) * side + within(x - around)) * 3 + c)];
    const Image a = upscaler.upscale(image), b = upscaler.upscale(mirrored);
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < 3 * a.width(); ++x)
            ASSERT_NEAR(a.values()[static_cast<std::size_t>(y * 3 * a.width() + x)],
                        b.values()[static_cast<std::size_t>((y + 2 * around) * 3 * b.width() + x + 6 * around)], 1e-4)
                << x / 3 << ", " << y;
    EXPECT_EQ(upscaler.upscale(drawing(3, 2, 3)).width(), 6); // where there is little to mirror
}

TEST(Upscaler, SmallMemoryMakesSmallTiles) {
    const Upscaler upscaler = Upscaler::open(compactWeights());
    UpscaleReport report;
    upscaler.upscale(drawing(200, 200, 3), {.memory = std::uint64_t{4} << 20}, {}, {}, &report);
    EXPECT_GT(report.tiles, 1);
    EXPECT_LT(report.tile, 200);
}

TEST(Upscaler, ReportsProgressAndStops) {
    const Upscaler upscaler = Upscaler::open(compactWeights());
    std::vector<double> shares;
    const Progress progress([&](double share, std::string_view) { shares.push_back(share); });
    upscaler.upscale(drawing(64, 64, 3), {.tile = 16}, progress);
    EXPECT_GE(shares.size(), 16u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_EQ(shares.back(), 1.0);
    const Cancel cancel = Cancel::make();
    const Progress stopping([&](double share, std::string_view) {
        if (share > 0.5) cancel.request();
    });
    EXPECT_TRUE(test::expectError([&] {
                    upscaler.upscale(drawing(64, 64, 3), {.tile = 16}, stopping, cancel);
                }).cancelled());
}

TEST(Upscaler, SamePicturesComeOutEachTime) {
    const Upscaler upscaler = Upscaler::open(compactWeights());
    const Image image = drawing(40, 30, 3);
    const Image a = upscaler.upscale(image), b = upscaler.upscale(image);
    EXPECT_TRUE(std::equal(a.values().begin(), a.values().end(), b.values().begin()));
}

TEST(Upscaler, Bfloat16StaysNearFloat32) {
    const Upscaler upscaler = Upscaler::open(compactWeights());
    const Image image = drawing(32, 32, 3);
    const Image full = upscaler.upscale(image, {.dtype = "float32"});
    UpscaleReport report;
    const Image half = upscaler.upscale(image, {.dtype = "bfloat16"}, {}, {}, &report);
    EXPECT_EQ(report.dtype, "bfloat16");
    double mean = 0;
    for (std::size_t i = 0; i < full.valueCount(); ++i) mean += std::abs(full.values()[i] - half.values()[i]);
    EXPECT_LT(mean / static_cast<double>(full.valueCount()),
              0.02); // random weights: no trained network's error
    EXPECT_GT(mean, 0);
}

TEST(Upscaler, ALastResizeFromTheFileIsApplied) {
    const test::TemporaryFolder folder;
    const auto path = folder / "half.safetensors";
    // The same tensors with one more line of metadata.
    std::string file = readTextFile(compactWeights(), 1 << 20);
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), 8);
    std::string header = file.substr(8, length);
    const std::size_t open = header.find('{');
    ASSERT_EQ(header.find("__metadata__"), std::string::npos);
    header.insert(open + 1, R"("__metadata__":{"output_scale":"0.5"},)");
    length = header.size();
    writeFileAtomic(path, std::string(reinterpret_cast<const char*>(&length), 8) + header +
                              file.substr(8 + static_cast<std::size_t>(length) - 38));
    const Upscaler upscaler = Upscaler::open(path);
    EXPECT_EQ(upscaler.scale(), 1);
    EXPECT_EQ(upscaler.upscale(drawing(20, 10, 3)).width(), 20);
}

TEST(Upscaler, OtherWeightsAreAnErrorThatSaysSo) {
    const test::TemporaryFolder folder;
    const std::string header = R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    const std::uint64_t length = header.size();
    writeFileAtomic(folder / "x.safetensors",
                    std::string(reinterpret_cast<const char*>(&length), 8) + header + "1");
    const Error error = test::expectError([&] { Upscaler::open(folder / "x.safetensors"); },
                                          "no network that enlarges pictures is known");
    EXPECT_EQ(error.kind(), ErrorKind::NotMine);
}

/// Trained weights, where set-up has fetched them: the default overlap is enough for each.
TEST(Upscaler, TrainedNetworksLeaveNoSeams) {
    OCHRE_SHARED_OR_SKIP(picture, "data/pictures/coffee.png");
    const auto model = test::modelFile("realesr-animevideov3-x4.safetensors");
    OCHRE_SHARED_OR_SKIP(shared, "data/models/sr/realesr-animevideov3-x4.safetensors");
    const Upscaler upscaler = Upscaler::open(model.value_or(shared));
    const Image whole = readImage(picture);
    Image crop(120, 100, 3);
    const auto values = crop.edit();
    for (int y = 0; y < 100; ++y)
        for (int x = 0; x < 120; ++x)
            for (int c = 0; c < 3; ++c)
                values[static_cast<std::size_t>((y * 120 + x) * 3 + c)] = whole.pixel(x + 200, y + 120)[c];
    const Image reference = upscaler.upscale(crop);
    for (const int tile : {16, 24, 40, 64})
        EXPECT_LE(differing(reference, upscaler.upscale(crop, {.tile = tile})), 0.001) << "tile " << tile;
}

} // namespace
} // namespace ochre::models
