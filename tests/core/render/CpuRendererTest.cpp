// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <gtest/gtest.h>

#include "core/render/Renderer.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::cloudOf;
using test::Splat;
using test::straightCamera;

Image draw(const SplatCloud& cloud, const Camera& camera, const SplatOptions& options = {}) {
    const auto renderer = makeCpuRenderer();
    renderer->setSplats(cloud);
    return renderer->renderSplats(camera, options);
}

TEST(CpuRenderer, ARoundSplatHasTheProfileOfAGaussian) {
    Splat s;
    s.color = {0.2, 0.4, 0.6};
    const Camera camera =
        straightCamera(65, 65, 100); // sigma = 100·0.1/4 = 2.5 px, centre in the middle of pixel 32
    const Image image = draw(cloudOf({s}), camera);
    const double variance = 2.5 * 2.5 + 0.3;
    for (int x = 0; x < 65; ++x) {
        const double d = x - 32, alpha = 0.8 * std::exp(-0.5 * d * d / variance);
        const float* p = image.pixel(x, 32);
        if (std::abs(alpha - 1.0 / 255) < 1e-6) continue;
        EXPECT_NEAR(p[3], alpha < 1.0 / 255 ? 0 : alpha, 1e-6) << x;
        EXPECT_NEAR(p[2], 0.6 * p[3], 1e-6) << x;
        EXPECT_EQ(image.pixel(x, 32)[3], image.pixel(32, x)[3]);
    }
}

TEST(CpuRenderer, ALongSplatLiesAsItsQuaternionSays) {
    Splat s;
    s.scale = {0.5, 0.02, 0.02};
    s.rotation = {std::cos(M_PI / 8), 0, 0,
                  std::sin(M_PI / 8)}; // 45° about z: from x towards y, so down to the right
    const Image image = draw(cloudOf({s}), straightCamera(65, 65, 60));
    EXPECT_GT(image.pixel(38, 38)[3], 0.3);
    EXPECT_GT(image.pixel(26, 26)[3], 0.3);
    EXPECT_EQ(image.pixel(38, 26)[3], 0);
}

TEST(CpuRenderer, TheNearerSplatCoversTheOtherWhateverTheirOrder) {
    Splat near, far;
    near.color = {1, 0, 0};
    far.color = {0, 1, 0};
    far.position = {0, 0, 8};
    far.scale = {0.4, 0.4, 0.4};
    near.opacity = far.opacity = 0.9;
    const Camera camera = straightCamera(33, 33, 100);
    const Image a = draw(cloudOf({near, far}), camera), b = draw(cloudOf({far, near}), camera);
    EXPECT_EQ(test::difference(a, b).worst, 0);
    EXPECT_NEAR(a.pixel(16, 16)[0], 0.9, 1e-5);
    EXPECT_NEAR(a.pixel(16, 16)[1], 0.1 * 0.9, 1e-5);
}

TEST(CpuRenderer, EqualDepthsKeepTheOrderOfTheFile) {
    Splat red, green;
    red.color = {1, 0, 0};
    green.color = {0, 1, 0};
    const Camera camera = straightCamera(17, 17, 100);
    EXPECT_GT(draw(cloudOf({red, green}), camera).pixel(8, 8)[0], 0.5);
    EXPECT_GT(draw(cloudOf({green, red}), camera).pixel(8, 8)[1], 0.5);
}

TEST(CpuRenderer, OneSplatNeverHidesAll) {
    Splat s;
    s.opacity = 0.999999;
    EXPECT_NEAR(draw(cloudOf({s}), straightCamera(17, 17, 100)).pixel(8, 8)[3], 0.99, 1e-6);
}

TEST(CpuRenderer, APixelThatIsFullTakesNoMore) {
    Splat s;
    s.opacity = 0.999999;
    s.color = {0, 0, 0};
    std::vector<Splat> stack(3, s);
    Splat white = s;
    white.color = {1, 1, 1};
    white.position[2] = 5;
    white.scale = {2, 2, 2};
    stack.push_back(white);
    EXPECT_EQ(draw(cloudOf(stack), straightCamera(17, 17, 100)).pixel(8, 8)[0], 0);
}

TEST(CpuRenderer, SplatsBehindTheNearPlaneAreNotDrawn) {
    Splat s;
    for (const auto& [z, drawn] : {std::pair{0.19, false}, {0.21, true}, {-4.0, false}}) {
        s.position = {0, 0, z};
        EXPECT_EQ(draw(cloudOf({s}), straightCamera(17, 17, 10)).pixel(8, 8)[3] > 0, drawn) << z;
    }
    s.position = {0, 0, 0.19};
    Camera close = straightCamera(17, 17, 10);
    close.near = 0.01;
    EXPECT_GT(draw(cloudOf({s}), close).pixel(8, 8)[3], 0);
}

TEST(CpuRenderer, HarmonicsBrightenTheSideTheyPointTo) {
    // −0.4886·x is the third coefficient of the first band: −1 adds to what is seen in the direction +x.
    for (const auto& [coefficient, axis] : {std::pair{0u, 1u}, {2u, 0u}}) {
        SplatData d;
        for (const double side : {-1.0, 1.0}) {
            Vec3 p{0, 0, 4};
            p[axis] = side;
            for (const double v : p) d.positions.push_back(static_cast<float>(v));
            for (int k = 0; k < 3; ++k) d.logScales.push_back(-2);
            d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
            d.sh0.insert(d.sh0.end(), {0, 0, 0});
            d.opacities.push_back(3);
            std::vector<float> rest(9, 0.0f);
            rest[3 * coefficient] = -1;
            d.shRest.insert(d.shRest.end(), rest.begin(), rest.end());
        }
        d.shDegree = 1;
        const SplatCloud cloud(std::move(d), "sides");
        const Camera camera = straightCamera(65, 65, 64);
        const Image image = draw(cloud, camera);
        const float* low = axis == 0 ? image.pixel(16, 32) : image.pixel(32, 16);
        const float* high = axis == 0 ? image.pixel(48, 32) : image.pixel(32, 48);
        const double expected = 0.4886025119029199 / std::sqrt(17);
        EXPECT_NEAR(high[0] / high[3], 0.5 + expected, 1e-4);
        EXPECT_NEAR(low[0] / low[3], 0.5 - expected, 1e-4);
        SplatOptions plain;
        plain.shDegree = 0;
        const Image flat = draw(cloud, camera, plain);
        EXPECT_NEAR(flat.pixel(48, 32)[0] * flat.pixel(16, 32)[3],
                    flat.pixel(16, 32)[0] * flat.pixel(48, 32)[3], 1e-6);
    }
}

TEST(CpuRenderer, TheBackgroundShowsThroughAndMakesThePictureOpaque) {
    SplatOptions options;
    options.background = {{0.25f, 0.5f, 1.0f}};
    Splat s;
    s.color = {0, 0, 0};
    const Image image = draw(cloudOf({s}), straightCamera(33, 33, 100), options);
    EXPECT_FLOAT_EQ(image.pixel(0, 0)[1], 0.5f);
    EXPECT_NEAR(image.pixel(16, 16)[2], 0.2, 1e-5);
    EXPECT_EQ(image.pixel(16, 16)[3], 1.0f);
    EXPECT_EQ(draw(SplatCloud(), straightCamera(9, 7, 10), options).pixel(8, 6)[0], 0.25f);
}

TEST(CpuRenderer, EightBitFramesAreTheFloatOnesRounded) {
    const SplatCloud cloud = test::randomCloud(300, 1, 3);
    const Camera camera = straightCamera(50, 40, 40);
    const auto renderer = makeCpuRenderer();
    renderer->setSplats(cloud);
    const Image image = renderer->renderSplats(camera, {});
    std::vector<std::uint8_t> pixels(50 * 40 * 4);
    renderer->renderSplats8(camera, {}, pixels);
    for (std::size_t i = 0; i < pixels.size(); ++i)
        ASSERT_EQ(pixels[i],
                  static_cast<int>(std::min(1.0f, std::max(0.0f, image.values()[i])) * 255 + 0.5f));
}

TEST(CpuRenderer, ItStopsWhenAsked) {
    const auto renderer = makeCpuRenderer();
    renderer->setSplats(test::randomCloud(2000, 0, 1));
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] {
                    renderer->renderSplats(straightCamera(640, 480, 400), {}, cancel);
                }).cancelled());
}

} // namespace
} // namespace ochre
