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

} // namespace
} // namespace ochre
