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

HashField evenField() {
    return test::evenField(kDensity);
}

void occupy(HashField& field, int fromZ, int toZ) {
    test::occupyAlongZ(field, fromZ, toZ);
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
    const FieldFrame frame = renderField(field, straight(), {.layers = {&layer, 1}}), alone = renderField(field, straight());
    const double light = std::exp(-kDensity); // that reaches the surface
    EXPECT_NEAR(frame.color.pixel(14, 12)[0], 0.5 * (1 - light) + light, 3e-3);
    EXPECT_NEAR(frame.color.pixel(14, 12)[1], 0.5 * (1 - light), 3e-3);
    EXPECT_EQ(frame.color.pixel(8, 12)[0], alone.color.pixel(8, 12)[0]); // beside it
    EXPECT_NEAR(frame.color.pixel(23, 12)[0], 1, 1e-6);                  // beside the box
    EXPECT_NEAR(frame.depth.pixel(23, 12)[0], 3, 1e-6);
    FieldLayer other = layer;
    other.depth = Image(3, 3, 1);
    test::expectError([&] { renderField(field, straight(), {.layers = {&other, 1}}); }, "3x3x1");
}

TEST(FieldMarcher, LayersArePassedInOrder) {
    HashField field = evenField();
    occupy(field, 0, 16);
    const Camera camera = straight();
    std::vector<FieldLayer> layers;
    for (const float z : {1.0f, 3.0f, 5.0f}) { // before the box, in its middle, behind it
        layers.push_back(halfSurface(camera, 0.5f));
        for (float& v : layers.back().depth.edit()) v = v > 0 ? z : 0;
    }
    const FieldFrame frame = renderField(field, camera, {.layers = layers});
    const double half = std::exp(-kDensity); // passes half of the box
    const double red = 0.5 * (1 + 0.5 * half + 0.25 * half * half), grey = 0.5 * 0.5 * (1 - half) * (1 + 0.5 * half);
    EXPECT_NEAR(frame.color.pixel(14, 12)[0], red + grey, 3e-3);
    EXPECT_NEAR(frame.color.pixel(14, 12)[1], grey, 3e-3);
    EXPECT_EQ(frame.stops.pixel(14, 12)[0], 0) << "half of the light is gone at the first";
    EXPECT_EQ(frame.median.pixel(14, 12)[0], 1);
    EXPECT_EQ(frame.stops.pixel(8, 12)[0], FieldFrame::kField);
    EXPECT_NEAR(frame.median.pixel(8, 12)[0], 2 + std::log(2) / kDensity, 5e-3);
    EXPECT_EQ(frame.stops.pixel(0, 0)[0], FieldFrame::kNothing);
}

TEST(FieldMarcher, AFieldStandsWhereItIsPut) {
    HashField field = test::randomField();
    field.layers[HashField::Density2] += 3;
    field.occupancy = OccupancyGrid(16);
    occupy(field, 3, 14);
    const Camera camera = Camera::lookAt({1.5, -2, -2.5}, {0, 0, 0}, {0, 1, 0}, 50, 41, 37);
    // A quarter turn about x, three times as large, moved; and the camera with it.
    const std::array<double, 16> place{3, 0, 0, 5, 0, 0, -3, 1, 0, 3, 0, -2, 0, 0, 0, 1};
    Camera moved = camera;
    moved.worldToCamera = multiplied(camera.worldToCamera, inverseSimilarity(place));
    for (std::size_t i = 0; i < 12; ++i) moved.worldToCamera[i] *= 3;
    const FieldFrame a = renderField(field, camera), b = renderField(field, moved, {.toWorld = place});
    double worst = 0, depth = 0;
    for (std::size_t i = 0; i < a.color.valueCount(); ++i) worst = std::max(worst, std::abs(double{a.color.values()[i]} - double{b.color.values()[i]}));
    for (std::size_t i = 0; i < a.depth.valueCount(); ++i) depth = std::max(depth, std::abs(3 * double{a.depth.values()[i]} - double{b.depth.values()[i]}));
    EXPECT_LT(worst, 2e-3);
    EXPECT_LT(depth, 0.1);
    EXPECT_GT(*std::ranges::max_element(a.color.values()), 0.2f);
}

TEST(FieldMarcher, OpacityAndGreysAreThoseOfTheOptions) {
    HashField field = evenField();
    field.layers[HashField::Density2] = 8;
    occupy(field, 0, 16);
    const FieldFrame faded = renderField(field, straight(), {.opacity = 0.001});
    EXPECT_LT(faded.color.pixel(12, 12)[3], 0.6f);
    EXPECT_GT(faded.color.pixel(12, 12)[3], 0.05f);
    const FieldFrame grey = renderField(field, straight(), {.depthRange = {{1, 5}}});
    EXPECT_NEAR(grey.color.pixel(12, 12)[0], 0.75, 0.01) << "its face is at 2";
}

/// Device coordinates of pictures that see 90°, all of them from the near plane to infinity.
HashField forwardField(double density) {
    HashField field = test::evenField(density, {.log2Entries = 8, .coarsest = 2, .finest = 32, .box = {{-1, -1, -1}, {1, 1, 1}}, .deviceScale = {1, 1}});
    test::occupyAlongZ(field);
    return field;
}

Camera forward(const Vec3& eye, const Vec3& target) {
    return Camera::lookAt(eye, target, {0, -1, 0}, 90, 24, 24);
}

TEST(FieldMarcher, DeviceCoordinatesReachFromTheNearPlaneToInfinity) {
    constexpr double kThin = 0.8;
    const HashField field = forwardField(kThin);
    const FieldFrame frame = renderField(field, forward({0, 0, 0}, {0, 0, -1}));
    for (const int x : {1, 12, 22}) // every ray of a camera at the origin runs straight along z there
        EXPECT_NEAR(frame.color.pixel(x, 12)[3], 1 - std::exp(-kThin * 2), 5e-3) << x;
    // z is −2 / (u − 2) after u: half of the light is gone after ln 2 / density.
    EXPECT_NEAR(frame.median.pixel(12, 12)[0], 2 / (2 - std::log(2) / kThin), 0.02);
    EXPECT_EQ(renderField(field, forward({0, 0, 0}, {0, 0, 1})).color.pixel(12, 12)[3], 0) << "nothing is behind the cameras";
    // From the side the ray is as long in the box as between its ends there: (−½, 0, −1) and (½, 0, 1) of a box of 2.
    const FieldFrame aside = renderField(field, forward({-1, 0, 0}, {-0.5, 0, -1}));
    const double length = std::sqrt(2 * 2 + 1 * 1);
    EXPECT_NEAR(aside.color.pixel(12, 12)[3], 1 - std::exp(-kThin * length), 2e-2);
}

TEST(FieldMarcher, LayersAmongDeviceCoordinates) {
    HashField field = forwardField(0.01);
    field.layers[HashField::Density2] = 8; // opaque …
    field.occupancy = OccupancyGrid(16);
    occupy(field, 8, 16); // … from z = −2 on
    const Camera camera = forward({0, 0, 0}, {0, 0, -1});
    for (const float z : {1.5f, 2.5f}) {
        FieldLayer layer = halfSurface(camera, 1);
        for (float& v : layer.depth.edit()) v = v > 0 ? z : 0;
        const FieldFrame frame = renderField(field, camera, {.layers = {&layer, 1}});
        EXPECT_NEAR(frame.color.pixel(14, 12)[0], z < 2 ? 1 : 0.5, 1e-2) << z;
        EXPECT_NEAR(frame.depth.pixel(14, 12)[0], std::min(z, 2.0f), 2e-2) << z;
    }
}

/// Cells here and there.
HashField brokenField(HashField field) {
    field.layers[HashField::Density2] += 3;
    field.occupancy = OccupancyGrid(16);
    for (int z = 2; z < 14; ++z)
        for (int i = 0; i < 16 * 16; ++i)
            if ((i * 7 + z * 5) % 3 != 0) field.occupancy.occupy(i % 16, i / 16, z);
    return field;
}

double furthest(const Image& a, const Image& b) {
    double worst = 0;
    for (std::size_t i = 0; i < a.valueCount(); ++i) worst = std::max(worst, std::abs(double{a.values()[i]} - double{b.values()[i]}));
    return worst;
}

TEST(FieldMarcher, VulkanDrawsTheSame) {
    HashField::Config device{.log2Entries = 8, .coarsest = 2, .finest = 32, .box = {{-1.5, -1.5, -2}, {1.5, 1.5, 1}}, .deviceScale = {0.6, 0.5}};
    HashField forwardFacing(device);
    forwardFacing.table = test::randomNumbers(forwardFacing.table.size(), -0.5f, 0.5f, 3);
    forwardFacing.layers = test::randomNumbers(forwardFacing.layers.size(), -0.3f, 0.3f, 4);
    const std::array<double, 16> turned{0, -2, 0, 0.3, 2, 0, 0, -0.2, 0, 0, 2, 0.1, 0, 0, 0, 1};
    const Camera perspective = Camera::lookAt({1.5, -2, -2.5}, {0, 0, 0}, {0, 1, 0}, 50, 41, 37);
    const Camera aside = Camera::lookAt({0.3, 0.2, 0.5}, {0, 0, -3}, {0, -1, 0}, 60, 41, 37);
    Camera flat = aside;
    flat.orthographic = true;
    flat.fx = flat.fy = 15;
    struct Case {
        HashField field;
        std::vector<Camera> cameras;
    };
    for (const Case& c : {Case{brokenField(test::randomField()), {straight(), perspective}}, Case{brokenField(forwardFacing), {aside, flat}}}) {
        const auto field = std::make_shared<const HashField>(c.field);
        std::unique_ptr<FieldRenderer> vulkan;
        try {
            vulkan = makeVulkanFieldRenderer(*field, {.validation = true});
        } catch (const Error& error) {
            GTEST_SKIP() << error.full();
        }
        const auto cpu = makeCpuFieldRenderer(field);
        for (const Camera& camera : c.cameras)
            for (const float alpha : {0.0f, 0.6f}) {
                std::vector<FieldLayer> layers(alpha > 0 ? 2 : 0, halfSurface(camera, alpha));
                if (alpha > 0)
                    for (float& v : layers[1].depth.edit()) v *= 1.2f;
                FieldOptions options{.background = {{0.1f, 0.2f, 0.3f}}, .steps = 100, .layers = layers};
                if (alpha > 0) {
                    options.opacity = 0.7;
                    options.toWorld = c.field.config.forwardFacing() ? PlacedField().toWorld : turned;
                    options.depthRange = {{1.5, 4}};
                }
                const FieldFrame a = cpu->render(camera, options), b = vulkan->render(camera, options);
                EXPECT_LT(furthest(a.color, b.color), 2e-3) << alpha; // a sample at a wall may fall to either side
                EXPECT_LT(furthest(a.depth, b.depth), 0.05) << alpha;
                int others = 0; // whose light stops elsewhere
                for (std::size_t i = 0; i < a.stops.valueCount(); ++i)
                    others += a.stops.values()[i] != b.stops.values()[i] || std::abs(a.median.values()[i] - b.median.values()[i]) > 0.05f;
                EXPECT_LT(others, 6) << alpha;
            }
        EXPECT_EQ(vulkan->validationMessages(), 0u);
    }
}

} // namespace
} // namespace ochre
