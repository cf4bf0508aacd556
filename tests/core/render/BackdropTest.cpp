// SPDX-License-Identifier: GPL-3.0-or-later
// What is behind a scene, under what each renderer draws.
#include "core/render/Backdrop.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/image/ImageIo.h"
#include "core/render/Panorama.h"
#include "core/render/Picture.h"
#include "tests/core/render/Others.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::cloudOf;
using test::Splat;
using test::straightCamera;

/// Colours by direction: red to the right, green up, blue ahead.
Image skyPicture(int width = 256) {
    Image image(width, width / 2, 3, ColorSpace::Srgb);
    float* out = image.edit().data();
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < width; ++x, out += 3) {
            const double yaw = ((x + 0.5) / width - 0.5) * 2 * M_PI, pitch = ((y + 0.5) / image.height() - 0.5) * M_PI;
            out[0] = static_cast<float>(0.5 + 0.5 * std::sin(yaw) * std::cos(pitch));
            out[1] = static_cast<float>(0.5 - 0.5 * std::sin(pitch));
            out[2] = static_cast<float>(0.5 + 0.5 * std::cos(yaw) * std::cos(pitch));
        }
    return image;
}

void expectColor(const float* p, std::array<double, 3> meant, double within) {
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(p[k], meant[k], within);
}

SplatCloud ball() {
    Splat s;
    s.scale = {0.6, 0.6, 0.6};
    s.opacity = 0.6;
    s.color = {0.9, 0.2, 0.1};
    return cloudOf({s});
}

TEST(Backdrop, SkiesAreSeenWhereTheyAre) {
    const Backdrop backdrop{.sky = std::make_shared<const Sky>(skyPicture())};
    for (const double yaw : {0.0, 70.0, 180.0, -120.0})
        for (const double pitch : {0.0, 40.0, -55.0}) {
            const Camera camera = Camera::orbit({0, 0, 0}, 3, yaw, pitch, 50, 80, 60);
            Image image(80, 60, 4, ColorSpace::Raw);
            layUnder(backdrop, camera, image);
            for (const auto& [x, y] : {std::pair{40, 30}, {3, 5}, {77, 50}}) {
                const CameraRay ray = camera.ray(x, y);
                double length = 0;
                for (const double v : ray.direction) length += v * v;
                length = std::sqrt(length);
                expectColor(image.pixel(x, y), {0.5 + 0.5 * ray.direction[0] / length, 0.5 - 0.5 * ray.direction[1] / length, 0.5 + 0.5 * ray.direction[2] / length},
                            0.02);
            }
        }
}

TEST(Backdrop, ATurnMovesTheSkyToTheRight) {
    const auto sky = std::make_shared<const Sky>(skyPicture());
    expectColor(sky->at({1, 0, 0}, 0.01, 90).data(), {0.5, 0.5, 1}, 0.02); // what was ahead
    expectColor(sky->at({0, 0, 1}, 0.01, 0).data(), {0.5, 0.5, 1}, 0.02);
    expectColor(sky->at({0, -1, 0}, 0.01, 33).data(), {0.5, 1, 0.5}, 0.02);
}

TEST(Backdrop, FinePatternsBecomeTheirMeanFarAway) {
    Image checks(512, 256, 3, ColorSpace::Srgb);
    float* out = checks.edit().data();
    for (int i = 0; i < 512 * 256; ++i, out += 3) std::fill_n(out, 3, static_cast<float>((i + i / 512) & 1));
    const Sky sky(checks);
    for (const double yaw : {0.3, 1.7, -2.2}) expectColor(sky.at({std::sin(yaw), 0.2, std::cos(yaw)}, 0.2, 0).data(), {0.5, 0.5, 0.5}, 0.01);
}

TEST(Backdrop, IsUnderWhatEveryRendererDrawsAndTheSame) {
    const Camera camera = straightCamera(64, 48, 60);
    const Backdrop kinds[] = {{.top = {0.2f, 0.3f, 0.4f}, .bottom = {0.2f, 0.3f, 0.4f}},
                              {.top = {0, 0.5f, 1}, .bottom = {1, 0.5f, 0}},
                              {.sky = std::make_shared<const Sky>(skyPicture()), .turn = 30}};
    for (const Backdrop& backdrop : kinds) {
        std::vector<std::unique_ptr<Renderer>> renderers = test::otherRenderers();
        const auto exact = makeCpuRenderer();
        exact->setSplats(ball());
        const Image truth = renderBefore(backdrop, *exact, camera, {});
        EXPECT_EQ(truth.pixel(0, 0)[3], 1);
        // By hand: light that the ball lets through.
        const Image drawn = renderBefore({}, *exact, camera, {});
        Image behind(64, 48, 4, ColorSpace::Raw);
        layUnder(backdrop, camera, behind);
        for (const auto& [x, y] : {std::pair{32, 24}, {30, 20}, {5, 40}})
            for (std::size_t k = 0; k < 3; ++k)
                EXPECT_NEAR(truth.pixel(x, y)[k], drawn.pixel(x, y)[k] + (1 - drawn.pixel(x, y)[3]) * behind.pixel(x, y)[k], 1e-5);
        EXPECT_GT(drawn.pixel(32, 24)[3], 0.5);
        EXPECT_LT(drawn.pixel(5, 40)[3], 0.01);
        for (const auto& renderer : renderers) {
            renderer->setSplats(ball());
            EXPECT_LT(test::difference(renderBefore(backdrop, *renderer, camera, {}), truth).worst, 2) << renderer->name();
            std::vector<std::uint8_t> pixels(64 * 48 * 4);
            renderer->renderSplats8(camera, {}, pixels);
            layUnder8(backdrop, camera, pixels);
            const std::size_t at = 4 * (24 * 64 + 32);
            for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(pixels[at + k], 255 * truth.pixel(32, 24)[k], 2) << renderer->name();
        }
    }
}

TEST(Backdrop, APanoramaBeforeASkyIsThatSkyWhereNothingElseIs) {
    const auto renderer = makeFastCpuRenderer();
    renderer->setSplats(ball());
    const Backdrop backdrop{.sky = std::make_shared<const Sky>(skyPicture(512))};
    const Image image = renderPanorama(*renderer, Camera(), {}, 512, {}, backdrop);
    const Image sky = skyPicture(512);
    double worst = 0;
    for (int y = 0; y < 256; ++y)
        for (int x = 0; x < 128; ++x) // all but ahead, where the ball is
            for (int k = 0; k < 3; ++k) worst = std::max<double>(worst, std::abs(image.pixel(x, y)[k] - sky.pixel(x, y)[k]));
    EXPECT_LT(worst, 0.01);
    EXPECT_GT(image.pixel(256, 128)[0], sky.pixel(256, 128)[0] + 0.1);
}

TEST(Backdrop, PanoramasTellViewersThatTheyGoAllAround) {
    const auto renderer = makeFastCpuRenderer();
    renderer->setSplats(ball());
    Image image = renderPanorama(*renderer, Camera(), {}, 64, {}, Backdrop{});
    image.setColorSpace(ColorSpace::Srgb);
    const test::TemporaryFolder folder;
    for (const char* name : {"a.jpg", "a.png", "a.webp"}) {
        writeImage(image, folder / name);
        const auto metadata = probeImage(folder / name).metadata;
        ASSERT_TRUE(metadata.contains("XMP")) << name;
        EXPECT_NE(metadata.at("XMP").find("GPano:ProjectionType=\"equirectangular\""), std::string::npos) << name;
        EXPECT_NE(metadata.at("XMP").find("GPano:FullPanoWidthPixels=\"64\""), std::string::npos) << name;
    }
}

TEST(Backdrop, TextsAreColoursGradientsFilesOrNothing) {
    const test::TemporaryFolder folder;
    writeImage(skyPicture(), folder / "sky.png");
    EXPECT_FALSE(backdropFromText("none", "--background"));
    EXPECT_TRUE(backdropFromText("255,128,0", "--background")->plain());
    EXPECT_NEAR(backdropFromText("255,128,0", "--background")->top[1], 128 / 255.0, 1e-6);
    const auto gradient = backdropFromText("0,0,1/0.5,0.25,0", "--background");
    EXPECT_FALSE(gradient->plain());
    EXPECT_EQ(gradient->bottom[1], 0.25f);
    EXPECT_TRUE(backdropFromText((folder / "sky.png").string(), "--background")->sky);
    for (const char* wrong : {"red", "1,2", "0,0,0/", "-1,0,0", "300,0,0", "missing.png"})
        test::expectError([&] { backdropFromText(wrong, "--background"); }, "--background");
    EXPECT_NE(gradient->hash(), backdropFromText("0,0,1/0.5,0.25,0.1", "--background")->hash());
}

} // namespace
} // namespace ochre
