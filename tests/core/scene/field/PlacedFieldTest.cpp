// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/PlacedField.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/scene/SplatFilter.h"
#include "core/scene/SplatTransform.h"
#include "core/scene/edit/SplatEditor.h"
#include "tests/core/scene/field/RandomField.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

std::shared_ptr<const HashField> shared(HashField field) {
    return std::make_shared<const HashField>(std::move(field));
}

HashField boxAt(std::array<double, 3> up) {
    HashField field = test::evenField(1);
    field.config.up = up;
    return field;
}

TEST(PlacedField, UprightTurnsItsUpToThatOfScenes) {
    for (const std::array<double, 3>& up : {std::array{0.0, 0.0, 1.0}, {0.0, 1.0, 0.0}, {0.0, -2.0, 0.0}, {0.6, 0.0, 0.8}}) {
        const PlacedField placed = upright(shared(boxAt(up)));
        const Vec3 turned = transformed(placed.toWorld, up);
        const double length = std::sqrt(up[0] * up[0] + up[1] * up[1] + up[2] * up[2]);
        EXPECT_NEAR(turned[0], 0, 1e-12);
        EXPECT_NEAR(turned[1], -length, 1e-12);
        EXPECT_NEAR(turned[2], 0, 1e-12);
        const auto back = multiplied(placed.toWorld, inverseSimilarity(placed.toWorld));
        for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(back[i], i % 5 == 0 ? 1 : 0, 1e-12);
    }
}

TEST(PlacedField, TheFocusIsWhereCellsAreOccupied) {
    HashField field = test::evenField(1);
    for (int x = 0; x < 4; ++x) field.occupancy.occupy(x, 8, 15);
    const Focus focus = field.focus();
    EXPECT_NEAR(focus.center[0], -0.75, 1e-12);
    EXPECT_NEAR(focus.center[1], 0.0625, 1e-12);
    EXPECT_NEAR(focus.center[2], 0.9375, 1e-12);
    EXPECT_NEAR(focus.radius, std::sqrt(0.25 * 0.25 + 2 * 0.0625 * 0.0625), 1e-12);
}

TEST(PlacedField, DeviceCoordinatesAreThoseOfTheFilesHeader) {
    const HashField field({.log2Entries = 8, .coarsest = 2, .finest = 32, .box = {{-1.5, -1.5, -2}, {1.5, 1.5, 1}}, .deviceScale = {0.6, 0.5}});
    const auto m = field.toBox();
    for (const Vec3& p : {Vec3{0.3, -0.2, -1.5}, {-2, 1, -9}, {0, 0, -1}}) {
        const double w = m[12] * p[0] + m[13] * p[1] + m[14] * p[2] + m[15];
        EXPECT_GT(w, 0);
        const Vec3 device{-p[0] / (0.6 * p[2]), -p[1] / (0.5 * p[2]), 1 + 2 / p[2]}, low{-1.5, -1.5, -2};
        for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(transformed(m, p)[k] / w, (device[k] - low[k]) / 3, 1e-12);
    }
    test::expectError([] { HashField({.deviceScale = {0.6, 0}}); }, "device coordinates");
    test::expectError([] { HashField({.deviceScale = {0.6, 0.5}}); }, "along z");
}

TEST(PlacedField, ForwardFacingScenesAreSeenFromWhereTheyWerePhotographed) {
    HashField field = test::evenField(1, {.log2Entries = 8, .coarsest = 2, .finest = 32, .box = {{-1, -1, -1}, {1, 1, 1}}, .up = {0, 1, 0}, .deviceScale = {1, 0.5}});
    test::occupyAlongZ(field);
    const auto own = ownView(sceneOf(upright(shared(std::move(field))), "forward"), 80, 60);
    ASSERT_TRUE(own);
    for (const double v : own->first.position()) EXPECT_NEAR(v, 0, 1e-12);
    EXPECT_NEAR(own->first.worldToCamera[10], 1, 1e-12) << "turned upright it looks along +z";
    EXPECT_NEAR(own->first.worldToCamera[5], 1, 1e-12);
    EXPECT_NEAR(own->first.fy, 60, 1e-9);
    EXPECT_NEAR(own->second, 2, 1e-9);
    EXPECT_FALSE(ownView(sceneOf(upright(shared(test::evenField(1))), "box"), 80, 60));
}

SplatCloud splat() {
    SplatData d;
    d.positions = {5, 0, 0};
    d.logScales = {-2, -2, -2};
    d.rotations = {1, 0, 0, 0};
    d.opacities = {2};
    d.sh0 = {0, 0, 0};
    return SplatCloud(std::move(d), "one");
}

TEST(PlacedField, ScenesHoldFieldsAmongTheirSplats) {
    const SplatCloud plain = splat(), with = plain.withFields({upright(shared(test::evenField(1)))});
    EXPECT_EQ(with.count(), 1u);
    EXPECT_EQ(with.fields().size(), 1u);
    EXPECT_NE(with.hash(), plain.hash());
    EXPECT_EQ(with.withFieldsOf({}).hash(), plain.hash());
    EXPECT_GT(with.bytes(), plain.bytes());
    EXPECT_GT(with.focus().radius, plain.focus().radius + 1);
    EXPECT_FALSE(sceneOf(upright(shared(test::evenField(1))), "f").empty());
    EXPECT_TRUE(SplatCloud().empty());
}

TEST(PlacedField, ScenesMoveAndMergeWithTheirFields) {
    const SplatCloud field = sceneOf({shared(test::evenField(1))}, "field");
    const SplatCloud moved = transform(field, {.scale = 2, .translation = {0, 0, 7}});
    EXPECT_EQ(transformed(moved.fields().front().toWorld, {1, 0, 0}), (Vec3{2, 0, 7}));
    SplatData data = splat().data();
    data.antialiased = true;
    const SplatCloud parts[] = {moved, SplatCloud(std::move(data), "one"), field};
    const SplatCloud all = merge(parts);
    EXPECT_EQ(all.count(), 1u);
    EXPECT_EQ(all.fields().size(), 2u);
    EXPECT_TRUE(all.data().antialiased) << "a scene without splats says nothing of it";
}

TEST(PlacedField, EditingSplatsKeepsTheFields) {
    const SplatCloud with = splat().withFields({upright(shared(test::evenField(1)))});
    const Json steps = parseJson(R"([{"step": "select", "combine": "replace", "query": {"kind": "all"}}, {"step": "delete"}])", "steps");
    const SplatCloud left = edited(with, steps, "steps");
    EXPECT_EQ(left.count(), 0u);
    EXPECT_EQ(left.fields().size(), 1u);
}

} // namespace
} // namespace ochre
