// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Filter.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "core/image/Color.h"
#include "core/image/Compare.h"
#include "core/image/ImageIo.h"
#include "tests/core/image/Pictures.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using namespace test;

constexpr ResizeFilter kSmooth[] = {ResizeFilter::Bilinear, ResizeFilter::Bicubic, ResizeFilter::Lanczos,
                                    ResizeFilter::Area};

TEST(Resize, AFlatPictureStaysFlat) {
    Image flat(37, 23, 4);
    for (float& v : flat.edit()) v = 0.625f;
    for (const ResizeFilter filter : kSmooth)
        for (const auto& [w, h] : {std::pair{5, 7}, {90, 61}, {1, 1}, {36, 24}}) {
            const Image resized = resize(flat, w, h, filter);
            for (const float v : resized.values()) ASSERT_NEAR(v, 0.625f, 1e-6);
        }
}

TEST(Resize, AreaKeepsTheMeanAndNearestTheValues) {
    const Image image = noise(48, 36, 1);
    const auto mean = [](const Image& i) {
        return std::accumulate(i.values().begin(), i.values().end(), 0.0) /
               static_cast<double>(i.valueCount());
    };
    EXPECT_NEAR(mean(resize(image, 12, 9, ResizeFilter::Area)), mean(image), 1e-6);
    EXPECT_NEAR(mean(resize(image, 7, 5, ResizeFilter::Area)), mean(image), 1e-5);
    const Image big = resize(image, 96, 72, ResizeFilter::Nearest);
    for (int y = 0; y < 72; ++y)
        for (int x = 0; x < 96; ++x) ASSERT_EQ(*big.pixel(x, y), *image.pixel(x / 2, y / 2));
}

// Values that Pillow 13 gives (mode F) for the row 0 1 4 9 16 25 36 49 resized to 5 and to 11.
TEST(Resize, AgreesWithPillow) {
    Image row(8, 1, 1);
    for (int i = 0; i < 8; ++i) row.edit()[static_cast<std::size_t>(i)] = static_cast<float>(i * i);
    const struct {
        ResizeFilter filter;
        std::vector<float> small, large;
    } cases[] = {
        {ResizeFilter::Bilinear,
         {0.409091f, 4.148148f, 12.666667f, 26.185184f, 43.681820f},
         {0.000000f, 0.590909f, 1.954545f, 4.227273f, 7.863636f, 12.500000f, 18.045454f, 24.590910f,
          32.500000f, 41.318180f, 49.000000f}},
        {ResizeFilter::Bicubic,
         {0.155901f, 3.647625f, 12.187723f, 26.356855f, 44.593491f},
         {-0.056102f, 0.379838f, 1.737603f, 4.183884f, 7.688016f, 12.250000f, 17.869835f, 24.547522f,
          32.283058f, 42.156517f, 49.729332f}},
        {ResizeFilter::Lanczos,
         {0.148893f, 3.545186f, 12.120904f, 26.224951f, 44.917873f},
         {-0.004224f, 0.367793f, 1.714653f, 4.154641f, 7.798802f, 12.250000f, 17.700932f, 24.618355f,
          31.460176f, 42.710777f, 49.733482f}},
    };
    for (const auto& c : cases) {
        const Image small = resize(row, 5, 1, c.filter), large = resize(row, 11, 1, c.filter);
        for (int i = 0; i < 5; ++i)
            EXPECT_NEAR(*small.pixel(i, 0), c.small[static_cast<std::size_t>(i)], 2e-4);
        for (int i = 0; i < 11; ++i)
            EXPECT_NEAR(*large.pixel(i, 0), c.large[static_cast<std::size_t>(i)], 2e-4);
    }
}

TEST(Resize, ClearPixelsDoNotBleed) {
    Image image(8, 8, 4);
    for (int i = 0; i < 64; ++i) {
        float* p = image.edit().data() + i * 4;
        p[0] = i % 2 ? 1.0f : 0.0f; // red where opaque, green where clear
        p[1] = i % 2 ? 0.0f : 1.0f;
        p[3] = i % 2 ? 1.0f : 0.0f;
    }
    const Image small = resize(image, 4, 4, ResizeFilter::Area);
    EXPECT_NEAR(small.pixel(1, 1)[0], 1, 1e-6);
    EXPECT_NEAR(small.pixel(1, 1)[1], 0, 1e-6);
    EXPECT_NEAR(small.pixel(1, 1)[3], 0.5, 1e-6);
}

TEST(Resize, StopsAndRefuses) {
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(
        expectError([&] { resize(noise(64, 64, 3), 32, 32, ResizeFilter::Lanczos, cancel); }).cancelled());
    expectError([] { resize(noise(4, 4, 1), 0, 5); }, "0×5");
    expectError([] { resize(Image{}, 5, 5); });
}

TEST(Geometry, CropPadAndTurnsPlacePixels) {
    const Image image = noise(7, 5, 3);
    const Image part = crop(image, 2, 1, 4, 3);
    EXPECT_EQ(part.pixel(0, 0)[1], image.pixel(2, 1)[1]);
    expectError([&] { crop(image, 4, 0, 4, 2); }, "4×2 at 4, 0");
    for (const PadMode mode : {PadMode::Color, PadMode::Edge, PadMode::Mirror}) {
        const Image padded = pad(image, 3, 2, 1, 4, mode, {0.5f, 0.25f, 0, 1});
        EXPECT_EQ(maxDifference(crop(padded, 3, 2, 7, 5), image), 0);
        EXPECT_EQ(padded.width(), 11);
        EXPECT_EQ(padded.pixel(0, 2)[1], mode == PadMode::Color  ? 0.25f
                                         : mode == PadMode::Edge ? image.pixel(0, 0)[1]
                                                                 : image.pixel(2, 0)[1]);
    }
    const Image turned = rotated(image, 1);
    EXPECT_EQ(turned.width(), 5);
    EXPECT_EQ(turned.pixel(4, 0)[0], image.pixel(0, 0)[0]); // the top left goes to the top right
    EXPECT_EQ(maxDifference(rotated(rotated(image, 3), 1), image), 0);
    EXPECT_EQ(maxDifference(rotated(image, -2), flipVertical(flipHorizontal(image))), 0);
    EXPECT_EQ(maxDifference(oriented(oriented(image, 5), 5), image), 0);
    EXPECT_EQ(maxDifference(oriented(oriented(image, 6), 8), image), 0);
    EXPECT_EQ(maxDifference(oriented(oriented(image, 7), 7), image), 0);
}

TEST(Composite, OverAndModesFollowTheirFormulas) {
    Image base(2, 1, 3), over(1, 1, 4);
    for (float& v : base.edit()) v = 0.4f;
    const float v[] = {0.8f, 0.8f, 0.8f, 0.5f};
    std::copy(std::begin(v), std::end(v), over.edit().begin());
    const auto at = [&](BlendMode mode) { return composite(base, over, 0, 0, 1, mode).pixel(0, 0)[0]; };
    EXPECT_NEAR(at(BlendMode::Normal), 0.6f, 1e-6);
    EXPECT_NEAR(at(BlendMode::Multiply), 0.5f * 0.4f + 0.5f * 0.32f, 1e-6);
    EXPECT_NEAR(at(BlendMode::Screen), 0.5f * 0.4f + 0.5f * 0.88f, 1e-6);
    EXPECT_NEAR(at(BlendMode::Overlay), 0.5f * 0.4f + 0.5f * 0.64f, 1e-6);
    EXPECT_NEAR(at(BlendMode::Difference), 0.4f, 1e-6);
    EXPECT_NEAR(at(BlendMode::Add), 0.5f * 0.4f + 0.5f * 1.2f, 1e-6);
    EXPECT_NEAR(at(BlendMode::Subtract), 0.5f * 0.4f - 0.5f * 0.4f, 1e-6);
    EXPECT_EQ(composite(base, over).pixel(1, 0)[0], 0.4f);
    EXPECT_EQ(composite(base, over, 5, 5).pixel(0, 0)[0], 0.4f);
    EXPECT_EQ(composite(base, over, 0, 0, 0).pixel(0, 0)[0], 0.4f);
    // Over nothing, the picture itself comes out.
    EXPECT_LT(maxDifference(composite(Image(1, 1, 4), over), over), 1e-6);
}

TEST(Composite, KeepsTheStrongerSourceType) {
    Image base(2, 2, 3), over(1, 1, 3);
    markDigitalSourceType(base, DigitalSourceType::AlgorithmicallyEnhanced);
    markDigitalSourceType(over, DigitalSourceType::TrainedAlgorithmicMedia);
    EXPECT_EQ(digitalSourceTypeOf(composite(base, over)), DigitalSourceType::TrainedAlgorithmicMedia);
    EXPECT_EQ(digitalSourceTypeOf(composite(over, base)), DigitalSourceType::TrainedAlgorithmicMedia);
}

TEST(Blur, SpreadsAPointAsAGaussian) {
    Image point(41, 41, 1);
    point.edit()[20 * 41 + 20] = 1;
    const Image soft = gaussianBlur(point, 2);
    const float peak = *soft.pixel(20, 20);
    EXPECT_NEAR(peak, 1 / (2 * 3.14159265 * 4), 1e-4);
    EXPECT_NEAR(*soft.pixel(22, 20) / peak, std::exp(-0.5), 1e-5);
    EXPECT_NEAR(std::accumulate(soft.values().begin(), soft.values().end(), 0.0), 1, 1e-5);
    EXPECT_NEAR(*boxBlur(point, 1).pixel(19, 21), 1.0 / 9, 1e-6);
    EXPECT_EQ(maxDifference(gaussianBlur(point, 0), point), 0);
    expectError([&] { gaussianBlur(point, -1); }, "-1");
}

TEST(Sharpen, UndoesNothingOnFlatAndOvershootsAtEdges) {
    Image step(20, 1, 1);
    for (int i = 10; i < 20; ++i) step.edit()[static_cast<std::size_t>(i)] = 0.5f;
    const Image sharp = sharpen(step, 2, 1);
    EXPECT_LT(*sharp.pixel(9, 0), 0);
    EXPECT_GT(*sharp.pixel(10, 0), 0.5f);
    EXPECT_NEAR(*sharp.pixel(19, 0), 0.5f, 1e-4);
    EXPECT_EQ(maxDifference(sharpen(step, 2, 1, 10), step), 0);
}

TEST(Mask, GrowsByADiscAndShrinksBack) {
    Image mask(41, 41, 1, ColorSpace::Raw);
    mask.edit()[20 * 41 + 20] = 1;
    const Image grown = growMask(mask, 7);
    for (int y = 0; y < 41; ++y)
        for (int x = 0; x < 41; ++x)
            ASSERT_EQ(*grown.pixel(x, y), (x - 20) * (x - 20) + (y - 20) * (y - 20) <= 49 ? 1.0f : 0.0f)
                << x << " " << y;
    EXPECT_EQ(maxDifference(growMask(grown, -7), mask), 0);
    EXPECT_GT(*featherMask(grown, 4).pixel(28, 20), 0);
}

TEST(Compare, MeetsKnownFigures) {
    const Image a = noise(32, 32, 3);
    Image b = a;
    for (float& v : b.edit()) v += 0.1f;
    EXPECT_TRUE(std::isinf(psnr(a, a)));
    EXPECT_NEAR(ssim(a, a), 1, 1e-9);
    EXPECT_NEAR(psnr(a, b), 20, 1e-4);
    EXPECT_LT(ssim(a, noise(32, 32, 3, 255, 9)), 0.1);
    expectError([&] { psnr(a, Image(32, 31, 3)); }, "32×31");
    expectError([] { ssim(Image(10, 20, 1), Image(10, 20, 1)); }, "10×20");
}

} // namespace
} // namespace ochre
