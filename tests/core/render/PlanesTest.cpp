// SPDX-License-Identifier: GPL-3.0-or-later
// What a frame holds beside its colours, and the modes of display.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "core/render/SplatMath.h"
#include "core/render/cpu/FastRenderer.h"
#include "tests/core/render/Others.h"
#include "tests/core/render/Scenes.h"

namespace ochre {
namespace {

using test::cloudOf;
using test::Splat;
using test::straightCamera;

constexpr Plane kAll[] = {Plane::Color, Plane::Alpha, Plane::Depth, Plane::MedianDepth, Plane::Normals, Plane::Id};

Planes planesOf(Renderer& renderer, const SplatCloud& cloud, const Camera& camera, const SplatOptions& options = {}) {
    renderer.setSplats(cloud);
    return renderer.renderPlanes(camera, options, kAll);
}

/// The share of values that are further apart than a part of the larger one or of 1.
double shareOff(const Image& a, const Image& b, double tolerance) {
    if (a.valueCount() != b.valueCount() || a.empty()) return 1;
    std::size_t off = 0;
    for (std::size_t i = 0; i < a.valueCount(); ++i) {
        const double x = a.values()[i], y = b.values()[i];
        off += !(std::abs(x - y) <= tolerance * std::max({1.0, std::abs(x), std::abs(y)}));
    }
    return static_cast<double>(off) / static_cast<double>(a.valueCount());
}

TEST(Planes, OfTwoSplatsAreWhatTheFormulasSay) {
    Splat front, back;
    front.opacity = 0.4;
    front.scale = {1, 1, 0.01};
    back.opacity = 0.8;
    back.position[2] = 8;
    back.scale = {0.02, 2, 2};                                          // flat along x, which is turned 60° about y towards z
    back.rotation = {std::cos(M_PI / 6), 0, std::sin(M_PI / 6), 0};
    const auto renderer = makeCpuRenderer();
    const Planes p = planesOf(*renderer, cloudOf({front, back}), straightCamera(33, 33, 100), {.background = {{1, 1, 1}}});
    const double a = 0.4, b = 0.8 * 0.6, alpha = a + b;
    EXPECT_NEAR(p.alpha.pixel(16, 16)[0], alpha, 1e-3) << "the background does not count";
    EXPECT_EQ(p.color.pixel(16, 16)[3], 1);
    EXPECT_NEAR(p.depth.pixel(16, 16)[0], (4 * a + 8 * b) / alpha, 1e-3);
    EXPECT_EQ(p.medianDepth.pixel(16, 16)[0], 8) << "after the first, 0.6 of the light is left";
    EXPECT_EQ(p.ids[16 * 33 + 16], (SplatId{0, 1}));
    // x turned about y by 60° is (cos 60°, 0, −sin 60°), which looks at the camera.
    const Vec3 sum{b * 0.5, 0, -a - b * std::sqrt(0.75)};
    const double length = std::hypot(sum[0], sum[2]);
    EXPECT_NEAR(p.normals.pixel(16, 16)[0], sum[0] / length, 2e-3);
    EXPECT_NEAR(p.normals.pixel(16, 16)[2], sum[2] / length, 2e-3);
}

TEST(Planes, WhereNothingIsHitAllAreZeroAndNoSplatIsNamed) {
    Splat faint;
    faint.opacity = 0.3;
    for (const auto& renderer : test::allRenderers()) {
        const Planes p = planesOf(*renderer, cloudOf({faint}), straightCamera(65, 33, 100));
        for (const Image* plane : {&p.alpha, &p.depth, &p.medianDepth, &p.normals}) EXPECT_EQ(plane->pixel(0, 0)[0], 0) << renderer->name();
        EXPECT_EQ(p.ids[0], SplatId{}) << renderer->name();
        const std::size_t centre = 16 * 65 + 32;
        EXPECT_NEAR(p.depth.values()[centre], 4, 1e-5) << renderer->name();
        EXPECT_EQ(p.medianDepth.values()[centre], 0) << renderer->name() << ": more than half of the light is left";
        EXPECT_EQ(p.ids[centre], SplatId{}) << renderer->name();
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

TEST(Planes, OnlyThoseThatWereAskedForAreMade) {
    constexpr Plane kTwo[] = {Plane::Depth, Plane::Alpha};
    for (const auto& renderer : test::allRenderers()) {
        renderer->setSplats(test::randomCloud(50, 0, 1));
        const Planes p = renderer->renderPlanes(straightCamera(20, 10, 10), {}, kTwo);
        EXPECT_EQ(p.depth.channels(), 1);
        EXPECT_EQ(p.alpha.width(), 20);
        EXPECT_TRUE(p.color.empty() && p.normals.empty() && p.medianDepth.empty() && p.ids.empty());
    }
}

TEST(Planes, TheOtherRenderersAgreeWithTheExactOne) {
    const auto exact = makeCpuRenderer();
    for (const auto& renderer : test::otherRenderers())
        for (const std::uint32_t seed : {1u, 2u}) {
            const SplatCloud cloud = test::randomCloud(1500, 1, seed);
            const Camera camera = Camera::orbit({0, 0, 5}, 6, 50.0 * seed, 20, 60, 120, 90);
            const Planes a = planesOf(*exact, cloud, camera), b = planesOf(*renderer, cloud, camera);
            const std::string what = renderer->name();
            EXPECT_LT(shareOff(a.color, b.color, 0.02), 1e-3) << what;
            EXPECT_LT(shareOff(a.alpha, b.alpha, 0.01), 1e-3) << what;
            EXPECT_LT(shareOff(a.depth, b.depth, 0.01), 1e-3) << what;
            // Where the light is a half to the last bit, one splat or the next may count.
            EXPECT_LT(shareOff(a.medianDepth, b.medianDepth, 1e-4), 2e-3) << what;
            EXPECT_LT(shareOff(a.normals, b.normals, 0.02), 2e-3) << what;
            std::size_t others = 0, named = 0;
            for (std::size_t i = 0; i < a.ids.size(); ++i) {
                others += !(a.ids[i] == b.ids[i]);
                named += a.ids[i].splat != SplatId::kNone;
            }
            EXPECT_LT(others, a.ids.size() / 500) << what;
            EXPECT_GT(named, a.ids.size() / 4);
            EXPECT_EQ(renderer->validationMessages(), 0u);
        }
}

TEST(Planes, EveryProcessorDrawsTheSameBytes) {
    const SplatCloud cloud = test::randomCloud(1000, 1, 3);
    const Camera camera = Camera::orbit({0, 0, 5}, 6, 10, 20, 60, 97, 61);
    const raster::Kernels* found[3];
    const int count = raster::usableKernels(found);
    const Planes a = planesOf(*raster::makeRenderer(raster::kPlain, TaskPool::shared()), cloud, camera);
    for (int i = 1; i < count; ++i) {
        const Planes b = planesOf(*raster::makeRenderer(*found[i], TaskPool::shared()), cloud, camera);
        for (const auto member : {&Planes::color, &Planes::depth, &Planes::medianDepth, &Planes::normals})
            EXPECT_EQ(std::memcmp((a.*member).values().data(), (b.*member).values().data(), (a.*member).bytes()), 0) << found[i]->name;
        EXPECT_EQ(a.ids, b.ids);
    }
}

TEST(Modes, ShowWhatTheySay) {
    Splat s;
    s.opacity = 0.999;
    s.color = {0.2, 0.4, 0.6};
    const auto renderer = makeCpuRenderer();
    renderer->setSplats(cloudOf({s}));
    const Camera camera = straightCamera(65, 65, 100); // sigma = √(2.5² + 0.3) = 2.56 px around the middle of pixel 32
    const auto pixel = [&](SplatMode mode, int x) {
        const Image image = renderer->renderSplats(camera, {.mode = mode, .pointSize = 5, .depthRange = {{3, 5}}});
        return std::vector<float>(image.pixel(x, 32), image.pixel(x, 32) + 4);
    };
    EXPECT_NEAR(pixel(SplatMode::Centres, 34)[3], 0.99, 1e-6);
    EXPECT_NEAR(pixel(SplatMode::Centres, 34)[2], 0.99 * 0.6, 1e-6);
    EXPECT_EQ(pixel(SplatMode::Centres, 35)[3], 0);
    EXPECT_EQ(pixel(SplatMode::Rings, 32)[3], 0);
    EXPECT_EQ(pixel(SplatMode::Rings, 34)[3], 0);
    EXPECT_NEAR(pixel(SplatMode::Rings, 37)[3], 1 - (2 * std::sqrt(2.5 * 2.5 + 0.3) - 5), 1e-6);
    EXPECT_EQ(pixel(SplatMode::Rings, 39)[3], 0);
    EXPECT_NEAR(pixel(SplatMode::Opacity, 32)[0], 0.99 * 0.504, 1e-3) << "nearly 1: red";
    EXPECT_EQ(pixel(SplatMode::Opacity, 32)[2], 0);
    EXPECT_NEAR(pixel(SplatMode::Depth, 32)[1], 0.99 * 0.5, 1e-3);
    const auto one = splat::layersColor(1);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(pixel(SplatMode::Overdraw, 32)[k], one[k], 1e-6);
    EXPECT_EQ(pixel(SplatMode::Overdraw, 2)[3], 0);
}

TEST(Modes, AreDrawnAlikeByAll) {
    const SplatCloud cloud = test::randomCloud(500, 1, 5);
    const Camera camera = Camera::orbit({0, 0, 5}, 6, 30, 10, 60, 80, 60);
    const auto exact = makeCpuRenderer();
    exact->setSplats(cloud);
    for (const auto& renderer : test::otherRenderers()) {
        renderer->setSplats(cloud);
        for (const SplatMode mode : {SplatMode::Centres, SplatMode::Rings, SplatMode::Opacity, SplatMode::Overdraw, SplatMode::Depth}) {
            SplatOptions options;
            options.mode = mode;
            options.background = {{0.1f, 0.2f, 0.3f}};
            const Image a = exact->renderSplats(camera, options), b = renderer->renderSplats(camera, options);
            const std::string what = renderer->name() + ", mode " + std::to_string(static_cast<int>(mode));
            EXPECT_LT(test::difference(a, b).mean, 0.2) << what;
            EXPECT_LT(shareOff(a, b, 0.04), 3e-3) << what;
            std::vector<std::uint8_t> bytes(a.valueCount());
            renderer->renderSplats8(camera, options, bytes);
            std::size_t off = 0;
            for (std::size_t i = 0; i < bytes.size(); ++i) off += std::abs(bytes[i] - 255 * std::clamp(b.values()[i], 0.0f, 1.0f)) > 0.51f;
            EXPECT_EQ(off, 0u) << what;
            EXPECT_EQ(renderer->validationMessages(), 0u);
        }
    }
}

} // namespace
} // namespace ochre
