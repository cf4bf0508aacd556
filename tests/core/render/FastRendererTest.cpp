// SPDX-License-Identifier: GPL-3.0-or-later
// The fast CPU renderer beside the exact one, with each set of kernels that runs here.
#include <cmath>
#include <cstring>
#include <iostream>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/render/cpu/FastRenderer.h"
#include "core/scene/SceneIo.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::cloudOf;
using test::psnr;
using test::Splat;
using test::straightCamera;

std::vector<const raster::Kernels*> kernels() {
    const raster::Kernels* found[3];
    const int count = raster::usableKernels(found);
    return {found, found + count};
}

Image draw(Renderer& renderer, const SplatCloud& cloud, const Camera& camera, const SplatOptions& options = {}) {
    renderer.setSplats(cloud);
    return renderer.renderSplats(camera, options);
}

Image drawFast(const SplatCloud& cloud, const Camera& camera, const SplatOptions& options = {}) {
    return draw(*makeFastCpuRenderer(), cloud, camera, options);
}

Image drawExactly(const SplatCloud& cloud, const Camera& camera, const SplatOptions& options = {}) {
    return draw(*makeCpuRenderer(), cloud, camera, options);
}

bool sameBytes(const Image& a, const Image& b) {
    return a.valueCount() == b.valueCount() && std::memcmp(a.values().data(), b.values().data(), a.bytes()) == 0;
}

struct Scene {
    SplatCloud cloud;
    Camera camera;
    SplatOptions options;
};

Scene anyScene(std::size_t most) {
    const auto count = *rc::gen::inRange<std::size_t>(0, most);
    const auto degree = *rc::gen::inRange(0, 4);
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    const auto width = *rc::gen::inRange(1, 150), height = *rc::gen::inRange(1, 150);
    Scene scene{test::randomCloud(count, degree, seed),
                Camera::orbit({0, 0, 5}, *rc::gen::inRange(1, 12), *rc::gen::inRange(-180, 180), *rc::gen::inRange(-80, 80),
                              *rc::gen::inRange(20, 100), width, height),
                {}};
    scene.options.shDegree = *rc::gen::inRange(0, 4);
    scene.options.antialiased = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) scene.options.background = {{0.1f, 0.5f, 0.9f}};
    return scene;
}

TEST(FastRenderer, AgreesWithTheExactOneOnAnyCloudAndCamera) {
    EXPECT_TRUE(rc::check("both draw the same picture", [] {
        const Scene s = anyScene(3000);
        const Image exact = drawExactly(s.cloud, s.camera, s.options), fast = drawFast(s.cloud, s.camera, s.options);
        const test::Difference d = test::difference(exact, fast);
        RC_LOG() << "PSNR " << psnr(exact, fast) << " mean " << d.mean << " worst " << d.worst << "\n";
        // On a limit, one of them may leave out a contribution of 1/255, or the last one of a pixel that is nearly full.
        RC_ASSERT(d.worst < 4);
        if (exact.pixelCount() > 1000) RC_ASSERT(psnr(exact, fast) > 70);
    }));
}

TEST(FastRenderer, EveryProcessorDrawsTheSameBytes) {
    EXPECT_TRUE(rc::check("the kernels agree bit for bit", [] {
        const Scene s = anyScene(2000);
        const Image plain = draw(*raster::makeRenderer(raster::kPlain, TaskPool::shared()), s.cloud, s.camera, s.options);
        for (const raster::Kernels* k : kernels())
            RC_ASSERT(sameBytes(plain, draw(*raster::makeRenderer(*k, TaskPool::shared()), s.cloud, s.camera, s.options)));
    }));
}

TEST(FastRenderer, AnyNumberOfThreadsDrawsTheSameBytes) {
    const SplatCloud cloud = test::randomCloud(120'000, 1, 7, 6);
    const Camera camera = straightCamera(333, 217, 200);
    TaskPool one(1), five(5);
    const Image a = draw(*raster::makeRenderer(raster::bestKernels(), one), cloud, camera);
    EXPECT_TRUE(sameBytes(a, draw(*raster::makeRenderer(raster::bestKernels(), five), cloud, camera)));
    // Nor does drawing in bands, for lack of memory, change anything.
    EXPECT_TRUE(sameBytes(a, draw(*raster::makeRenderer(raster::bestKernels(), five, 50'000), cloud, camera)));
    EXPECT_TRUE(sameBytes(a, draw(*raster::makeRenderer(raster::bestKernels(), one, 1), cloud, camera)));
}

TEST(FastRenderer, ARealCaptureIsDrawnExactlyEnough) {
    OCHRE_SHARED_OR_SKIP(path, "data/splats/biker.compressed.ply");
    const SplatCloud cloud = readSplats(path);
    for (const double yaw : {0.0, 130.0}) {
        const Camera camera = Camera::frame(cloud.focus(), 320, 180, yaw);
        const Image exact = drawExactly(cloud, camera), fast = drawFast(cloud, camera);
        std::cout << "yaw " << yaw << ": PSNR " << psnr(exact, fast) << " dB, worst " << test::difference(exact, fast).worst << " of 255\n";
        EXPECT_GT(psnr(exact, fast), 70);
    }
}

TEST(FastRenderer, LongThinSplatsKeepTheirShape) {
    // As wide as a pixel and longer than the picture, across it: where xx·yy − xy² would leave nothing of a float.
    std::vector<Splat> splats;
    for (int i = 0; i < 12; ++i) {
        Splat s;
        s.scale = {20, 1e-4, 1e-4};
        const double angle = 0.1 + i * 0.27;
        s.rotation = {std::cos(angle / 2), 0, 0, std::sin(angle / 2)};
        s.position = {0.05 * i - 0.3, 0.02 * i, 4 + 0.1 * i};
        s.color = {0.1 * (i % 10), 1 - 0.08 * i, 0.5};
        splats.push_back(s);
    }
    const Camera camera = straightCamera(801, 603, 600);
    EXPECT_GT(psnr(drawExactly(cloudOf(splats), camera), drawFast(cloudOf(splats), camera)), 65);
}

TEST(FastRenderer, EdgesOfThePictureAndOfNumbersAreDrawnAlike) {
    Splat behind, huge, tiny, outside, solid, flat;
    behind.position = {0, 0, -4};
    huge.scale = {1e4, 1e4, 1e4};
    huge.opacity = 0.3;
    huge.position = {10, 3, 50};
    tiny.scale = {1e-6, 1e-6, 1e-6};
    outside.position = {4, 0, 4};
    outside.scale = {1, 1, 1};
    solid.opacity = 1; // a logit of infinity
    solid.position = {-1, -0.5, 3};
    flat.scale = {0.5, 0.5, 0}; // a logarithm of −∞
    flat.position = {0.5, 0.5, 3.5};
    const SplatCloud cloud = cloudOf({behind, huge, tiny, outside, solid, flat});
    for (const auto& [width, height] : {std::pair{1, 1}, {16, 16}, {17, 15}, {33, 1}, {1, 40}, {129, 65}}) {
        const Camera camera = straightCamera(width, height, 40);
        EXPECT_GT(psnr(drawExactly(cloud, camera), drawFast(cloud, camera)), 80) << width << "×" << height;
    }
    EXPECT_EQ(drawFast(SplatCloud(), straightCamera(5, 4, 10)).pixel(4, 3)[3], 0);
}

TEST(FastRenderer, WhatIsNoNumberIsNotDrawn) {
    SplatData d = cloudOf({Splat(), Splat(), Splat(), Splat(), Splat()}).data();
    d.positions[0] = NAN;
    d.logScales[3] = NAN;
    d.logScales[7] = INFINITY;
    d.opacities[3] = NAN;
    d.positions[13] = INFINITY;
    const SplatCloud cloud(std::move(d), "broken");
    const Camera camera = straightCamera(32, 32, 40);
    const Image image = drawFast(cloud, camera);
    for (const float v : image.values()) ASSERT_EQ(v, 0);
}

TEST(FastRenderer, EqualDepthsKeepTheOrderOfTheFile) {
    Splat red, green;
    red.color = {1, 0, 0};
    green.color = {0, 1, 0};
    const Camera camera = straightCamera(17, 17, 100);
    EXPECT_GT(drawFast(cloudOf({red, green}), camera).pixel(8, 8)[0], 0.5);
    EXPECT_GT(drawFast(cloudOf({green, red}), camera).pixel(8, 8)[1], 0.5);
}

TEST(FastRenderer, DepthsThatFloatsCannotTellApartAreStillOrdered) {
    Splat red, green;
    red.color = {1, 0, 0};
    green.color = {0, 1, 0};
    red.position[2] = 64;
    green.position[2] = 64;
    red.scale = green.scale = {4, 4, 4};
    Camera camera = straightCamera(17, 17, 100);
    // Turned a little about y, what lies to the right is nearer by less than a float's step at this depth.
    camera.worldToCamera = {1, 0, 1e-7, 0, 0, 1, 0, 0, -1e-7, 0, 1, 0, 0, 0, 0, 1};
    red.position[0] = 0.5;
    const SplatCloud cloud = cloudOf({green, red});
    const Image exact = drawExactly(cloud, camera), fast = drawFast(cloud, camera);
    EXPECT_GT(exact.pixel(8, 8)[0], exact.pixel(8, 8)[1]);
    EXPECT_GT(psnr(exact, fast), 80);
}

TEST(FastRenderer, CloudsSizesAndViewsMayChangeFromFrameToFrame) {
    const auto renderer = makeFastCpuRenderer();
    for (const auto& [count, degree, width] : {std::tuple{50, 3, 40}, {4000, 0, 200}, {10, 2, 33}, {4000, 2, 90}}) {
        const SplatCloud cloud = test::randomCloud(static_cast<std::size_t>(count), degree, 9);
        for (const double yaw : {0.0, 40.0}) {
            Camera camera = Camera::orbit({0, 0, 5}, 6, yaw, 10, 50, width, width / 2 + 1);
            EXPECT_GT(psnr(drawExactly(cloud, camera), draw(*renderer, cloud, camera)), 60);
            // From the same place another way, with the colours that are there and some more; then with fewer bands.
            camera.cx += width / 2.0;
            EXPECT_GT(psnr(drawExactly(cloud, camera), draw(*renderer, cloud, camera)), 60);
            const SplatOptions plain{.shDegree = 0};
            EXPECT_GT(psnr(drawExactly(cloud, camera, plain), draw(*renderer, cloud, camera, plain)), 60);
        }
    }
}

TEST(FastRenderer, EightBitFramesAreTheFloatOnesRounded) {
    const auto renderer = makeFastCpuRenderer();
    renderer->setSplats(test::randomCloud(300, 1, 3));
    const Camera camera = straightCamera(50, 41, 40);
    SplatOptions options;
    for (const bool over : {false, true}) {
        if (over) options.background = {{0.2f, 0.4f, 1.0f}};
        const Image image = renderer->renderSplats(camera, options);
        std::vector<std::uint8_t> pixels(50 * 41 * 4);
        renderer->renderSplats8(camera, options, pixels);
        for (std::size_t i = 0; i < pixels.size(); ++i)
            ASSERT_EQ(pixels[i], static_cast<int>(std::min(1.0f, std::max(0.0f, image.values()[i])) * 255 + 0.5f));
    }
    std::vector<std::uint8_t> small(7);
    test::expectError([&] { renderer->renderSplats8(camera, options, small); }, "memory");
}

TEST(FastRenderer, ItStopsWhenAskedAndDrawsAgainAfterwards) {
    const auto renderer = makeFastCpuRenderer();
    const SplatCloud cloud = test::randomCloud(20'000, 2, 1);
    renderer->setSplats(cloud);
    const Camera camera = straightCamera(640, 480, 400);
    const Cancel before = Cancel::make();
    before.request();
    EXPECT_TRUE(test::expectError([&] { renderer->renderSplats(camera, {}, before); }).cancelled());
    for (const int microseconds : {100, 1000, 4000}) {
        const Cancel amidst = Cancel::make();
        std::thread stopper([&] {
            std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
            amidst.request();
        });
        try {
            renderer->renderSplats(camera, {}, amidst);
        } catch (const Error& e) {
            EXPECT_TRUE(e.cancelled());
        }
        stopper.join();
    }
    EXPECT_TRUE(sameBytes(renderer->renderSplats(camera, {}), drawFast(cloud, camera)));
}

} // namespace
} // namespace ochre
