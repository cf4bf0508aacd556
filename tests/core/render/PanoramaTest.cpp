// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Panorama.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::cloudOf;
using test::Splat;

/// Splats evenly over a sphere around the origin.
SplatCloud shell(int count, double radius, double size) {
    std::vector<Splat> splats;
    for (int i = 0; i < count; ++i) {
        const double y = 1 - 2 * (i + 0.5) / count, r = std::sqrt(1 - y * y), a = i * M_PI * (3 - std::sqrt(5.0));
        Splat s;
        s.position = {radius * r * std::cos(a), radius * y, radius * r * std::sin(a)};
        s.scale = {size, size, size};
        s.opacity = 0.5;
        s.color = {0.5, 0.7, 0.9};
        splats.push_back(s);
    }
    return cloudOf(splats);
}

TEST(Panorama, ACloudAllAroundLooksTheSameInEveryDirection) {
    const auto renderer = makeFastCpuRenderer();
    renderer->setSplats(shell(6000, 3, 0.12));
    const Image image = renderPanorama(*renderer, Camera(), {}, 256);
    ASSERT_EQ(image.height(), 128);
    double step = 0, low = 1, high = 0;
    for (int y = 0; y < 128; ++y)
        for (int x = 0; x < 256; ++x) {
            const float v = image.pixel(x, y)[1], right = image.pixel((x + 1) % 256, y)[1];
            low = std::min<double>(low, v), high = std::max<double>(high, v);
            step = std::max<double>(step, std::abs(v - right));
        }
    EXPECT_GT(low, 0.64) << "of 0.7";
    EXPECT_LT(high, 0.71);
    EXPECT_LT(step, 0.01) << "no seam, nor where the picture's left edge meets its right one";
}

TEST(Panorama, DirectionsLieWhereTheyShould) {
    const auto renderer = makeFastCpuRenderer();
    const auto brightest = [&](const Vec3& place) {
        Splat s;
        s.position = place;
        s.scale = {0.2, 0.2, 0.2};
        renderer->setSplats(cloudOf({s}));
        const Image image = renderPanorama(*renderer, Camera(), {}, 128);
        std::pair<int, int> at;
        float most = 0;
        for (int y = 0; y < 64; ++y)
            for (int x = 0; x < 128; ++x)
                if (image.pixel(x, y)[3] > most) most = image.pixel(x, y)[3], at = {x, y};
        EXPECT_GT(most, 0.5);
        return at;
    };
    const auto expectAt = [&](const Vec3& place, double x, double y) {
        const auto [foundX, foundY] = brightest(place);
        EXPECT_NEAR(foundX + 0.5, x, 1.5);
        EXPECT_NEAR(foundY + 0.5, y, 1.5);
    };
    expectAt({0, 0, 4}, 64, 32);
    expectAt({4, 0, 0}, 96, 32);
    expectAt({-4, 0, 0}, 32, 32);
    expectAt({3, 3, 3}, 80, 32 + 64 * std::atan(std::sqrt(0.5)) / M_PI); // a corner of the cube
    EXPECT_LE(brightest({0, -4, 0}).second, 2);
    EXPECT_GE(brightest({0, 4, 0}).second, 61);
    test::expectError([&] { renderPanorama(*renderer, Camera(), {}, 31); }, "even");
}

} // namespace
} // namespace ochre
