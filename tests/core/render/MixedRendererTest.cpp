// SPDX-License-Identifier: GPL-3.0-or-later
// Fields among splats, by every renderer.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/render/FieldRenderer.h"
#include "core/render/Film.h"
#include "tests/core/render/Others.h"
#include "tests/core/render/Scenes.h"
#include "tests/core/scene/field/RandomField.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

constexpr double kOpaque = 400, kThin = 0.6; // densities

/// A grey box from −1 to 1.
PlacedField box(double density, double z = 0) {
    HashField field = test::evenField(density);
    test::occupyAlongZ(field);
    PlacedField placed{std::make_shared<const HashField>(std::move(field))};
    placed.toWorld[11] = z;
    return placed;
}

/// As large as the picture, facing it.
test::Splat wall(double z, const Vec3& color, double opacity = 0.999) {
    return {.position = {0, 0, z}, .scale = {9, 9, 0.001}, .opacity = opacity, .color = color};
}
constexpr Vec3 kRed{1, 0, 0}, kBlue{0, 0, 1};

/// From five units before the middle.
Camera view() {
    Camera camera = test::straightCamera(33, 33, 60);
    camera.worldToCamera[11] = 5;
    return camera;
}

std::array<double, 4> middle(Renderer& renderer, const SplatOptions& options = {}) {
    const Image image = renderer.renderSplats(view(), options);
    const float* v = image.pixel(16, 16);
    return {v[0], v[1], v[2], v[3]};
}

Planes planesOf(Renderer& renderer, const Camera& camera = view()) {
    const Plane all[] = {Plane::Color, Plane::Alpha, Plane::Depth, Plane::MedianDepth, Plane::Normals, Plane::Id};
    return renderer.renderPlanes(camera, {}, all);
}

std::vector<std::unique_ptr<Renderer>> renderersOf(const SplatCloud& scene) {
    auto all = test::allRenderers();
    for (const auto& renderer : all) renderer->setSplats(scene);
    return all;
}

TEST(MixedRenderer, SplatsBeforeAFieldHideIt) {
    for (const auto& renderer : renderersOf(test::cloudOf({wall(-2, kRed)}).withFields({box(kOpaque)}))) {
        const auto seen = middle(*renderer);
        EXPECT_NEAR(seen[0], 1, 0.01) << renderer->name();
        EXPECT_NEAR(seen[1], 0, 0.01) << renderer->name();
        const Planes planes = planesOf(*renderer);
        EXPECT_NEAR(planes.depth.pixel(16, 16)[0], 3, 0.05) << renderer->name();
        EXPECT_EQ(planes.ids[16 * 33 + 16], (SplatId{0, 0})) << renderer->name();
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

TEST(MixedRenderer, FieldsHideTheSplatsBehindThem) {
    for (const auto& renderer : renderersOf(test::cloudOf({wall(2, kBlue)}).withFields({box(kOpaque)}))) {
        const auto seen = middle(*renderer);
        for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(seen[k], 0.5, 0.01) << renderer->name();
        const Planes planes = planesOf(*renderer);
        EXPECT_NEAR(planes.depth.pixel(16, 16)[0], 4, 0.02) << renderer->name();
        EXPECT_NEAR(planes.medianDepth.pixel(16, 16)[0], 4, 0.02) << renderer->name();
        EXPECT_EQ(planes.ids[16 * 33 + 16], (SplatId{0, SplatId::kField})) << renderer->name();
        EXPECT_NEAR(planes.normals.pixel(16, 16)[2], -1, 0.01) << "its face is to the camera";
        EXPECT_NEAR(planes.color.pixel(0, 16)[2], 1, 0.03) << "beside the field";
        EXPECT_EQ(planes.ids[16 * 33], (SplatId{0, 0})) << renderer->name();
    }
}

TEST(MixedRenderer, SplatsInAFieldAreVeiledByWhatIsBeforeThem) {
    const double passes = std::exp(-kThin); // through half of the box
    for (const auto& renderer : renderersOf(test::cloudOf({wall(0.1, kRed), wall(2, kBlue)}).withFields({box(kThin, 0.1)}))) {
        const auto seen = middle(*renderer);
        EXPECT_NEAR(seen[0], 0.5 * (1 - passes) + passes, 0.02) << renderer->name();
        EXPECT_NEAR(seen[1], 0.5 * (1 - passes), 0.02) << renderer->name();
        EXPECT_NEAR(seen[2], 0.5 * (1 - passes), 0.02) << renderer->name();
    }
}

TEST(MixedRenderer, HalfTransparentSplatsBeforeAndWallsBehindStayApart) {
    // One surface a pixel for both would lie in the field, and let the wall shine through it.
    for (const auto& renderer : renderersOf(test::cloudOf({wall(-2, kRed, 0.5), wall(3, kBlue)}).withFields({box(kOpaque)}))) {
        const auto seen = middle(*renderer);
        EXPECT_NEAR(seen[0], 0.75, 0.01) << renderer->name();
        EXPECT_NEAR(seen[2], 0.25, 0.01) << renderer->name();
    }
}

TEST(MixedRenderer, TheNearerFieldHidesTheFurther) {
    HashField red = test::evenField(kOpaque);
    test::occupyAlongZ(red);
    red.layers[HashField::Color1 + HashField::kDirections * HashField::kHidden] = 5; // the first of the geometry, which is positive,
    red.layers[HashField::Color2] = red.layers[HashField::Color3] = 1;               // goes through to the red
    PlacedField bright{std::make_shared<const HashField>(std::move(red))};
    for (const double z : {-3.0, 3.0}) {
        bright.toWorld[11] = z;
        for (const auto& renderer : renderersOf(test::cloudOf({wall(1.5, kBlue)}).withFields({box(kOpaque), bright}))) {
            const auto seen = middle(*renderer);
            EXPECT_NEAR(seen[0], z < 0 ? 1 : 0.5, 0.01) << renderer->name() << z;
            EXPECT_NEAR(seen[2], 0.5, 0.01) << renderer->name() << z;
        }
    }
}

TEST(MixedRenderer, ItemsMoveFadeAndHideTheirFields) {
    SceneItem item{.cloud = SplatCloud().withFields({box(kOpaque)})};
    for (const auto& renderer : test::allRenderers()) {
        item.toWorld = SceneItem().toWorld;
        item.toWorld[11] = 2;
        item.opacity = 1;
        item.visible = true;
        renderer->setScene({&item, 1});
        EXPECT_NEAR(planesOf(*renderer).depth.pixel(16, 16)[0], 6, 0.02) << renderer->name();
        item.opacity = 0;
        renderer->setScene({&item, 1});
        EXPECT_EQ(middle(*renderer)[3], 0) << renderer->name();
        item.opacity = 1;
        item.visible = false;
        renderer->setScene({&item, 1});
        EXPECT_EQ(middle(*renderer)[3], 0) << renderer->name();
    }
}

TEST(MixedRenderer, AllRenderersAgree) {
    const SplatCloud splats = test::randomCloud(800, 1, 7);
    HashField field = test::randomField(3);
    field.layers[HashField::Density2] += 4;
    field.occupancy = OccupancyGrid(16);
    test::occupyAlongZ(field, 2, 14);
    PlacedField placed{std::make_shared<const HashField>(std::move(field))};
    placed.toWorld[11] = 5;
    const SplatCloud scene = splats.withFields({placed, box(kThin, 6.5)});
    const auto exact = makeCpuRenderer();
    exact->setSplats(scene);
    const Camera camera = Camera::orbit({0, 0, 5}, 7, 25, 15, 50, 60, 45);
    const SplatOptions options{.background = {{0.1f, 0.3f, 0.2f}}};
    const Image truth = exact->renderSplats(camera, options);
    const Planes planes = planesOf(*exact, camera);
    for (const auto& renderer : test::otherRenderers()) {
        renderer->setSplats(scene);
        const auto d = test::difference(truth, renderer->renderSplats(camera, options));
        EXPECT_LT(d.mean, 0.5) << renderer->name();
        EXPECT_LT(d.p999, 12) << renderer->name();
        std::vector<std::uint8_t> bytes(4 * 60 * 45);
        renderer->renderSplats8(camera, options, bytes);
        EXPECT_NEAR(bytes[0], truth.values()[0] * 255, 2) << renderer->name();
        const Planes others = planesOf(*renderer, camera);
        int apart = 0;
        for (std::size_t i = 0; i < planes.ids.size(); ++i) apart += planes.ids[i] != others.ids[i];
        EXPECT_LT(apart, 60 * 45 / 50) << renderer->name();
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

TEST(MixedRenderer, TheDepthModeGreysBoth) {
    const SplatOptions options{.mode = SplatMode::Depth, .depthRange = {{2, 6}}};
    for (const auto& renderer : renderersOf(test::cloudOf({wall(-2, kRed, 0.5)}).withFields({box(kOpaque)})))
        EXPECT_NEAR(middle(*renderer, options)[0], 0.5 * 0.75 + 0.5 * 0.5, 0.02) << renderer->name();
}

TEST(MixedRenderer, WithoutFieldsNothingChanges) {
    const SplatCloud cloud = test::randomCloud(300, 2, 5);
    const auto renderer = makeFastCpuRenderer(), other = makeFastCpuRenderer();
    renderer->setSplats(cloud.withFields({box(kThin)}));
    renderer->setSplats(cloud);
    other->setSplats(cloud);
    const Camera camera = Camera::orbit({0, 0, 5}, 7, 25, 15, 50, 60, 45);
    EXPECT_TRUE(std::ranges::equal(renderer->renderSplats(camera, {}).values(), other->renderSplats(camera, {}).values()));
}

TEST(MixedRenderer, FilmsShowFieldsAndKnowThemApart) {
    const test::TemporaryFolder folder;
    const SplatCloud thin = SplatCloud().withFields({box(kThin)}), thick = SplatCloud().withFields({box(kOpaque)});
    EXPECT_NE(thin.hash(), thick.hash());
    const std::vector<SceneItem> thinScene{{.cloud = thin}}, thickScene{{.cloud = thick}};
    const auto renderer = makeFastCpuRenderer();
    const Film film{.output = folder / "f/%03d.png", .cameras = {view(), view()}};
    EXPECT_EQ(renderFilm(*renderer, thinScene, film).drawn, 2u);
    EXPECT_EQ(renderFilm(*renderer, thinScene, film).kept, 2u);
    EXPECT_EQ(renderFilm(*renderer, thickScene, film).drawn, 2u);
}

} // namespace
} // namespace ochre
