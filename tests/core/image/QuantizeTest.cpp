// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Quantize.h"

#include <cmath>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/core/image/Pictures.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using Color = std::tuple<int, int, int>;

std::set<Color> colorsOf(const Image& image) {
    std::set<Color> colors;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) {
            const float* p = image.pixel(x, y);
            const auto byte = [&](int c) {
                return static_cast<int>(std::lround(p[image.channels() < 3 ? 0 : c] * 255));
            };
            colors.insert({byte(0), byte(1), byte(2)});
        }
    return colors;
}

double meanOf(const Image& image) {
    double sum = 0;
    for (const float v : image.values()) sum += v;
    return sum / static_cast<double>(image.valueCount());
}

/// Left half `a`, right half `b` of 8-bit grey.
Image halves(int a, int b) {
    Image image(8, 4, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i / 3 % 8 < 4 ? a : b) / 255.0F;
    return image;
}

TEST(Quantize, NoMoreColoursThanAsked) {
    const Image picture = test::ramp(61, 47, 3);
    for (const Dither dither : {Dither::None, Dither::FloydSteinberg, Dither::Bayer})
        for (const int colors : {1, 2, 7, 256}) {
            const Image result = quantized(picture, colors, dither, 8);
            EXPECT_LE(colorsOf(result).size(), static_cast<std::size_t>(colors));
            EXPECT_GE(colorsOf(result).size(), static_cast<std::size_t>(std::min(colors, 7)));
            EXPECT_NEAR(meanOf(result), meanOf(picture), colors == 1 ? 0.01 : 0.05);
        }
}

TEST(Quantize, AFewColoursAreKeptAsTheyAre) {
    const Image picture = halves(40, 200);
    for (const Dither dither : {Dither::None, Dither::FloydSteinberg})
        EXPECT_EQ(colorsOf(quantized(picture, 2, dither)), (std::set<Color>{{40, 40, 40}, {200, 200, 200}}));
    EXPECT_EQ(colorsOf(quantized(picture, 1)), (std::set<Color>{{120, 120, 120}}));
}

TEST(Quantize, DitherShowsWhatLiesBetween) {
    Image picture = test::ramp(64, 64, 1);
    const auto offBy = [&](const Image& result) { // of means over squares of 16
        double most = 0;
        for (int by = 0; by < 64; by += 16)
            for (int bx = 0; bx < 64; bx += 16) {
                double sum = 0;
                for (int y = by; y < by + 16; ++y)
                    for (int x = bx; x < bx + 16; ++x) sum += *result.pixel(x, y) - *picture.pixel(x, y);
                most = std::max(most, std::abs(sum / 256));
            }
        return most;
    };
    const double none = offBy(quantized(picture, 2)), spread = offBy(quantized(picture, 2, Dither::FloydSteinberg));
    EXPECT_GT(none, 0.04);
    EXPECT_LT(spread, none);
    EXPECT_LT(offBy(quantized(picture, 4, Dither::FloydSteinberg)), 0.04);
    EXPECT_NE(colorsOf(quantized(picture, 2, Dither::Bayer, 2)).size(), 1u);
}

TEST(Quantize, AlphaAndMetadataStay) {
    Image picture = test::noise(9, 7, 4);
    picture.setMetadata("Title", "t");
    const Image result = quantized(picture, 3);
    EXPECT_EQ(result.metadata().at("Title"), "t");
    for (int x = 0; x < 9; ++x) EXPECT_EQ(result.pixel(x, 3)[3], picture.pixel(x, 3)[3]);
    EXPECT_LE(colorsOf(result).size(), 3u);
}

TEST(Quantize, WrongCountsAreRefused) {
    const Image picture = halves(0, 255);
    test::expectError([&] { quantized(picture, 0); }, "0 colours");
    test::expectError([&] { quantized(picture, 257); }, "257 colours");
    test::expectError([&] { quantized(picture, 8, Dither::Bayer, 3); }, "3 rows");
    test::expectError([&] { quantized(Image(2, 2, 5, ColorSpace::Raw), 8); }, "5 channels");
}

} // namespace
} // namespace ochre
