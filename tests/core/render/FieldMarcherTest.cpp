// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/FieldMarcher.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/core/scene/field/RandomField.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

constexpr double kDensity = 1.5; // of the world

/// The same density and a colour of ½ in every occupied cell of a box from −1 to 1: the networks are 0, so the density is 1 per
/// side; a feature that is 1 everywhere raises it.
HashField evenField() {
    HashField field({.log2Entries = 8, .coarsest = 2, .finest = 32, .box = {{-1, -1, -1}, {1, 1, 1}}});
    std::ranges::fill(field.table, 1.0f);
    field.layers[HashField::Density1] = 1;
    field.layers[HashField::Density2] = static_cast<float>(std::log(kDensity * field.side()));
    field.occupancy = OccupancyGrid(16);
    return field;
}

void occupy(HashField& field, int fromZ, int toZ) {
    for (int z = fromZ; z < toZ; ++z)
        for (int y = 0; y < 16; ++y)
            for (int x = 0; x < 16; ++x) field.occupancy.occupy(x, y, z);
}

/// Along z from −3 on, without perspective.
Camera straight() {
    Camera camera;
    camera.width = camera.height = 24;
    camera.fx = camera.fy = 8;
    camera.cx = camera.cy = 12;
    camera.worldToCamera[11] = 3;
    camera.orthographic = true;
    return camera;
}

TEST(FieldMarcher, AnEvenBoxIsAsOpaqueAsItIsDeep) {
    HashField field = evenField();
    occupy(field, 0, 16);
    const FieldFrame frame = renderField(field, straight());
    const double opacity = 1 - std::exp(-kDensity * 2);
    const float* middle = frame.color.pixel(12, 12);
    EXPECT_NEAR(middle[3], opacity, 2e-3);
    EXPECT_NEAR(middle[0], 0.5 * opacity, 1e-3);
    // The mean of an exponential distribution that ends after 2.
    const double depth = 2 + 1 / kDensity - 2 * std::exp(-kDensity * 2) / opacity;
    EXPECT_NEAR(frame.depth.pixel(12, 12)[0], depth, 2e-3);
    EXPECT_EQ(frame.color.pixel(0, 0)[3], 0); // beside the box
    EXPECT_EQ(frame.depth.pixel(0, 0)[0], 0);
}

TEST(FieldMarcher, OnlyOccupiedCellsAreLookedUp) {
    HashField field = evenField();
    occupy(field, 6, 10);
    const FieldFrame frame = renderField(field, straight());
    EXPECT_NEAR(frame.color.pixel(12, 12)[3], 1 - std::exp(-kDensity * 0.5), 5e-3);
    const std::uint64_t pixels = 16 * 16, stepsOfCells = 1024 / std::sqrt(3.0) * 4 / 16;
    EXPECT_NEAR(static_cast<double>(frame.samples), static_cast<double>(pixels * stepsOfCells), 0.02 * static_cast<double>(pixels * stepsOfCells));
}

TEST(FieldMarcher, FullRaysStop) {
    HashField field = evenField();
    occupy(field, 0, 16);
    const std::uint64_t all = renderField(field, straight()).samples;
    field.layers[HashField::Density2] = 8;
    const FieldFrame frame = renderField(field, straight());
    EXPECT_LT(frame.samples * 20, all);
    EXPECT_NEAR(frame.color.pixel(12, 12)[3], 1, 1e-4);
}

TEST(FieldMarcher, NearAndFarPlanesCut) {
    HashField field = evenField();
    occupy(field, 0, 16);
    Camera camera = straight();
    camera.near = 2.5;
    camera.far = 3.5;
    EXPECT_NEAR(renderField(field, camera).color.pixel(12, 12)[3], 1 - std::exp(-kDensity), 2e-3);
}

TEST(FieldMarcher, ABackgroundShowsThrough) {
    HashField field = evenField();
    occupy(field, 0, 16);
    const FieldFrame frame = renderField(field, straight(), {.background = {{1, 0, 0}}});
    const double light = std::exp(-kDensity * 2);
    EXPECT_NEAR(frame.color.pixel(12, 12)[0], 0.5 * (1 - light) + light, 1e-3);
    EXPECT_NEAR(frame.color.pixel(12, 12)[1], 0.5 * (1 - light), 1e-3);
    EXPECT_EQ(frame.color.pixel(0, 0)[0], 1);
    EXPECT_EQ(frame.color.pixel(12, 12)[3], 1);
}

TEST(FieldMarcher, ThreadsDoNotChangeAByte) {
    HashField field = test::randomField();
    field.occupancy = OccupancyGrid(16);
    occupy(field, 3, 14);
    Camera camera = straight().resized(61, 47);
    camera.orthographic = false;
    TaskPool one(1), four(4);
    const FieldFrame a = renderField(field, camera, {}, {}, one), b = renderField(field, camera, {}, {}, four);
    EXPECT_TRUE(std::ranges::equal(a.color.values(), b.color.values()));
    EXPECT_TRUE(std::ranges::equal(a.depth.values(), b.depth.values()));
    EXPECT_EQ(a.samples, b.samples);
}

TEST(FieldMarcher, AFieldWithoutAGridIsRefused) {
    test::expectError([] { renderField(HashField(HashField::Config{}), straight()); }, "occupancy");
}

/// A surface at z = 3, the middle of the box, half of it opaque.
FieldLayer halfSurface(const Camera& camera, float alpha) {
    FieldLayer layer{Image(camera.width, camera.height, 4, ColorSpace::Raw), Image(camera.width, camera.height, 1, ColorSpace::Raw)};
    const auto color = layer.color.edit(), depth = layer.depth.edit();
    for (std::size_t i = 0; i < depth.size(); ++i) {
        if (i % static_cast<std::size_t>(camera.width) < 12) continue;
        color[4 * i] = color[4 * i + 3] = alpha; // red
        depth[i] = 3;
    }
    return layer;
}

TEST(FieldMarcher, ALayerHidesWhatIsBehindIt) {
    HashField field = evenField();
    occupy(field, 0, 16);
    const FieldLayer layer = halfSurface(straight(), 1);
    const FieldFrame frame = renderField(field, straight(), {.layer = &layer}), alone = renderField(field, straight());
    const double light = std::exp(-kDensity); // that reaches the surface
    EXPECT_NEAR(frame.color.pixel(14, 12)[0], 0.5 * (1 - light) + light, 3e-3);
    EXPECT_NEAR(frame.color.pixel(14, 12)[1], 0.5 * (1 - light), 3e-3);
    EXPECT_EQ(frame.color.pixel(8, 12)[0], alone.color.pixel(8, 12)[0]); // beside it
    EXPECT_NEAR(frame.color.pixel(23, 12)[0], 1, 1e-6);                  // beside the box
    EXPECT_NEAR(frame.depth.pixel(23, 12)[0], 3, 1e-6);
    FieldLayer other = layer;
    other.depth = Image(3, 3, 1);
    test::expectError([&] { renderField(field, straight(), {.layer = &other}); }, "3x3x1");
}

TEST(FieldMarcher, VulkanDrawsTheSame) {
    HashField field = test::randomField();
    field.layers[HashField::Density2] += 3;
    field.occupancy = OccupancyGrid(16);
    for (int z = 2; z < 14; ++z)
        for (int i = 0; i < 16 * 16; ++i)
            if ((i * 7 + z * 5) % 3 != 0) field.occupancy.occupy(i % 16, i / 16, z);
    std::unique_ptr<FieldRenderer> vulkan;
    try {
        vulkan = makeVulkanFieldRenderer(field, {.validation = true});
    } catch (const Error& error) {
        GTEST_SKIP() << error.full();
    }
    const auto cpu = makeCpuFieldRenderer(field);
    Camera perspective = Camera::lookAt({1.5, -2, -2.5}, {0, 0, 0}, {0, 1, 0}, 50, 41, 37);
    for (const Camera& camera : {straight(), perspective})
        for (const float alpha : {0.0f, 0.6f}) {
            const FieldLayer layer = halfSurface(camera, alpha);
            const FieldOptions options{.background = {{0.1f, 0.2f, 0.3f}}, .steps = 100, .layer = alpha > 0 ? &layer : nullptr};
            const FieldFrame a = cpu->render(camera, options), b = vulkan->render(camera, options);
            double worst = 0, depth = 0;
            for (std::size_t i = 0; i < a.color.valueCount(); ++i)
                worst = std::max(worst, std::abs(static_cast<double>(a.color.values()[i]) - static_cast<double>(b.color.values()[i])));
            for (std::size_t i = 0; i < a.depth.valueCount(); ++i)
                depth = std::max(depth, std::abs(static_cast<double>(a.depth.values()[i]) - static_cast<double>(b.depth.values()[i])));
            EXPECT_LT(worst, 2e-3) << alpha; // a sample at a wall may fall to either side
            EXPECT_LT(depth, 0.05) << alpha;
        }
    EXPECT_EQ(vulkan->validationMessages(), 0u);
}

} // namespace
} // namespace ochre
