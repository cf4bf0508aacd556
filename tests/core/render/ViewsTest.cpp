// SPDX-License-Identifier: GPL-3.0-or-later
// Cameras without perspective, scenes of several items, and limits of what is drawn.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/core/render/Others.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::cloudOf;
using test::Splat;
using test::straightCamera;

using Matrix = std::array<double, 16>;

/// Turned about y, then scaled and moved.
Matrix placed(double degrees, double scale, const Vec3& place) {
    const double c = scale * std::cos(degrees * M_PI / 180), s = scale * std::sin(degrees * M_PI / 180);
    return {c, 0, s, place[0], 0, scale, 0, place[1], -s, 0, c, place[2], 0, 0, 0, 1};
}

Matrix product(const Matrix& a, const Matrix& b) {
    Matrix m{};
    for (std::size_t r = 0; r < 4; ++r)
        for (std::size_t c = 0; c < 4; ++c)
            for (std::size_t k = 0; k < 4; ++k) m[4 * r + c] += a[4 * r + k] * b[4 * k + c];
    return m;
}

Camera viewOfRandom() {
    return Camera::orbit({0, 0, 5}, 7, 25, 15, 50, 120, 90);
}

TEST(Orthographic, WhatIsFurtherAwayIsNotSmaller) {
    Splat s;
    Camera camera = straightCamera(65, 65, 25);
    camera.orthographic = true;
    for (const auto& renderer : test::allRenderers()) {
        std::array<Image, 2> images;
        for (std::size_t i = 0; i < 2; ++i) {
            s.position = {0.4, 0, i == 0 ? 1.0 : 40.0};
            renderer->setSplats(cloudOf({s}));
            images[i] = renderer->renderSplats(camera, {});
        }
        EXPECT_LT(test::difference(images[0], images[1]).worst, 0.01) << renderer->name();
        EXPECT_NEAR(images[0].pixel(42, 32)[3], 0.8, 1e-4) << renderer->name() << ": 0.4 units are 10 pixels";
    }
}

TEST(Orthographic, AllRenderersAgree) {
    const Camera camera = viewOfRandom().orthographicAt(7);
    const auto exact = makeCpuRenderer();
    for (const auto& renderer : test::otherRenderers()) {
        for (Renderer* r : {exact.get(), renderer.get()}) r->setSplats(test::randomCloud(1500, 3, 4));
        const auto d = test::difference(exact->renderSplats(camera, {}), renderer->renderSplats(camera, {}));
        EXPECT_LT(d.mean, 0.5) << renderer->name();
        EXPECT_LT(d.p999, 8) << renderer->name();
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

TEST(Scene, MovingItemAndCameraTogetherChangesNothing) {
    // Bands of harmonics show whether the direction of view is turned into the item's frame.
    const SplatCloud cloud = test::randomCloud(800, 3, 8);
    const Matrix move = placed(70, 1, {3, -1, 2}), back = placed(-70, 1, {0, 0, 0});
    Camera camera = viewOfRandom(), moved = camera;
    Matrix inverse = back; // of move
    for (std::size_t r = 0; r < 3; ++r) inverse[4 * r + 3] = -(back[4 * r] * 3 + back[4 * r + 1] * -1 + back[4 * r + 2] * 2);
    moved.worldToCamera = product(camera.worldToCamera, inverse);
    for (const bool parallel : {false, true})
        for (const auto& renderer : test::allRenderers()) {
            const Camera a = parallel ? camera.orthographicAt(7) : camera, b = parallel ? moved.orthographicAt(7) : moved;
            renderer->setSplats(cloud);
            const Image still = renderer->renderSplats(a, {});
            const SceneItem item{.cloud = cloud, .toWorld = move};
            renderer->setScene({&item, 1});
            EXPECT_LT(test::difference(still, renderer->renderSplats(b, {})).mean, 0.05) << renderer->name() << (parallel ? ", parallel" : "");
        }
}

TEST(Scene, AScaledItemIsAScaledCloud) {
    Splat s, t;
    s.position = {0.1, 0.05, 0.2};
    s.scale = {0.05, 0.02, 0.01};
    s.rotation = {std::cos(0.3), 0, 0, std::sin(0.3)};
    t = s;
    for (double& v : t.scale) v *= 3;
    t.position = {0.3, 0.15, 4.6};
    for (const auto& renderer : test::allRenderers()) {
        renderer->setSplats(cloudOf({t}));
        const Image expected = renderer->renderSplats(straightCamera(65, 65, 100), {});
        const SceneItem item{.cloud = cloudOf({s}), .toWorld = placed(0, 3, {0, 0, 4})};
        renderer->setScene({&item, 1});
        EXPECT_LT(test::difference(expected, renderer->renderSplats(straightCamera(65, 65, 100), {})).worst, 0.05) << renderer->name();
    }
}

TEST(Scene, DepthIsRightAcrossItemsAndEachCanBeHiddenOrFaded) {
    Splat red, green, blue;
    red.color = {1, 0, 0}, green.color = {0, 1, 0}, blue.color = {0, 0, 1};
    red.position[2] = 3, green.position[2] = 4, blue.position[2] = 5;
    for (Splat* s : {&red, &green, &blue}) s->scale = {0.5, 0.5, 0.1};
    std::vector<SceneItem> items{{.cloud = cloudOf({red, blue})}, {.cloud = cloudOf({green}), .opacity = 0.5}};
    constexpr Plane kWanted[] = {Plane::Color, Plane::Id};
    for (const auto& renderer : test::allRenderers()) {
        const auto centre = [&] {
            renderer->setScene(items);
            const Planes p = renderer->renderPlanes(straightCamera(17, 17, 100), {}, kWanted);
            return std::pair(std::array<float, 3>{p.color.pixel(8, 8)[0], p.color.pixel(8, 8)[1], p.color.pixel(8, 8)[2]}, p.ids[8 * 17 + 8]);
        };
        items[0].visible = items[1].visible = true;
        const auto [all, first] = centre();
        EXPECT_NEAR(all[0], 0.8, 2e-3) << renderer->name();
        EXPECT_NEAR(all[1], 0.2 * 0.4, 2e-3) << renderer->name();
        EXPECT_NEAR(all[2], 0.2 * 0.6 * 0.8, 2e-3) << renderer->name();
        EXPECT_EQ(first, (SplatId{0, 0})) << renderer->name();
        items[0].visible = false;
        EXPECT_NEAR(centre().first[1], 0.4, 2e-3) << renderer->name();
        items[1].opacity = 1;
        EXPECT_EQ(centre().second, (SplatId{1, 0})) << renderer->name();
        items[1].opacity = 0;
        EXPECT_EQ(centre().first[1], 0) << renderer->name();
        items[1].opacity = 0.5;
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

TEST(Scene, ManyItemsAreWhatOneCloudOfAllIs) {
    std::vector<SceneItem> items;
    SplatData all;
    for (std::uint32_t i = 0; i < 5; ++i) {
        const SplatCloud cloud = test::randomCloud(200, 1, i);
        items.push_back({.cloud = cloud});
        const auto add = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
        const SplatData& d = cloud.data();
        add(all.positions, d.positions), add(all.logScales, d.logScales), add(all.rotations, d.rotations);
        add(all.opacities, d.opacities), add(all.sh0, d.sh0), add(all.shRest, d.shRest);
        all.shDegree = 1;
    }
    const SplatCloud one(std::move(all), "all");
    for (const auto& renderer : test::allRenderers()) {
        renderer->setSplats(one);
        const Image expected = renderer->renderSplats(viewOfRandom(), {});
        renderer->setScene(items);
        EXPECT_EQ(test::difference(expected, renderer->renderSplats(viewOfRandom(), {})).worst, 0) << renderer->name();
        renderer->setScene({});
        EXPECT_EQ(renderer->renderSplats(viewOfRandom(), {}).pixel(60, 45)[3], 0) << renderer->name();
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

TEST(Scene, MovingAnItemUploadsNothing) {
    std::unique_ptr<Renderer> renderer;
    try {
        renderer = makeVulkanRenderer({.validation = true});
    } catch (const Error& e) {
        GTEST_SKIP() << e.full();
    }
    const SplatCloud cloud = test::randomCloud(300, 2, 1);
    std::vector<SceneItem> items{{.cloud = cloud}, {.cloud = cloud, .toWorld = placed(30, 2, {1, 0, 0})}};
    renderer->setScene(items);
    const std::size_t bytes = renderer->bytesUploaded();
    EXPECT_EQ(bytes, 300u * (32 + 64)) << "once, though two items show it";
    items[1].toWorld = placed(80, 0.5, {0, 1, 0});
    items[0].visible = false;
    items.push_back({.cloud = cloud});
    renderer->setScene(items);
    renderer->renderSplats(viewOfRandom(), {});
    EXPECT_EQ(renderer->bytesUploaded(), bytes);
    items.push_back({.cloud = test::randomCloud(10, 0, 2)});
    renderer->setScene(items);
    EXPECT_EQ(renderer->bytesUploaded(), bytes + 10u * (32 + 16));
    EXPECT_EQ(renderer->validationMessages(), 0u);
}

TEST(Scene, WhatIsNoSimilarityIsRefused) {
    const auto renderer = makeFastCpuRenderer();
    const auto expectRefused = [&](const Matrix& m, double opacity, const char* what) {
        const SceneItem item{.cloud = cloudOf({Splat()}), .toWorld = m, .opacity = opacity};
        test::expectError([&] { renderer->setScene({&item, 1}); }, what);
    };
    Matrix stretched = placed(0, 1, {}), mirrored = placed(0, 1, {}), none = placed(0, 0, {}), broken = placed(0, 1, {NAN, 0, 0});
    stretched[0] = 2;
    mirrored[0] = -1;
    for (const Matrix& m : {stretched, mirrored, none, broken}) expectRefused(m, 1, "transform");
    for (const double opacity : {-0.1, 1.5, double{NAN}}) expectRefused(placed(0, 1, {}), opacity, "opacity");
}

TEST(Limits, BoxAndFarPlaneLeaveOutWhatIsBeyond) {
    Splat near, far, side;
    near.position = {0, 0, 3}, far.position = {0, 0, 6}, side.position = {1, 0, 3};
    near.opacity = 0.5, far.scale = {0.5, 0.5, 0.5};
    // The item is moved by (0, 0, 1): the box is one of the world.
    const SceneItem item{.cloud = cloudOf({near, far, side}), .toWorld = placed(0, 1, {0, 0, 1})};
    const Camera camera = straightCamera(65, 33, 100);
    Camera close = camera;
    close.far = 5;
    SplatOptions boxed;
    boxed.box = Bounds{{-0.5, -0.5, 3.5}, {0.5, 0.5, 4.5}};
    for (const auto& renderer : test::allRenderers()) {
        renderer->setScene({&item, 1});
        const Image all = renderer->renderSplats(camera, {}), cut = renderer->renderSplats(close, {}), inside = renderer->renderSplats(camera, boxed);
        EXPECT_NEAR(all.pixel(32, 16)[3], 0.9, 5e-3) << renderer->name();
        EXPECT_NEAR(cut.pixel(32, 16)[3], 0.5, 5e-3) << renderer->name();
        EXPECT_NEAR(cut.pixel(57, 16)[3], 0.8, 2e-2) << renderer->name();
        EXPECT_NEAR(inside.pixel(32, 16)[3], 0.5, 5e-3) << renderer->name();
        EXPECT_EQ(inside.pixel(57, 16)[3], 0) << renderer->name();
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

} // namespace
} // namespace ochre
