// SPDX-License-Identifier: GPL-3.0-or-later
// Several clouds as one scene.
#include "core/scene/SplatScene.h"

#include <gtest/gtest.h>

#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using Scenes = std::vector<std::pair<std::string, SplatScene>>;

void expectNear(const std::array<double, 3>& a, const std::array<double, 3>& b, double within = 1e-9) {
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(a[k], b[k], within);
}

TEST(Similarity, OneAfterTheOtherAndBackAgain) {
    const Similarity a{.rotation = rotationOfDegrees({10, 20, 30}), .scale = 2, .translation = {1, 2, 3}};
    const Similarity b{.rotation = rotationOfDegrees({-40, 5, 80}), .scale = 0.5, .translation = {-3, 0, 1}};
    const auto at = [](const Similarity& s, const std::array<double, 3>& p) { return placed(Focus{p, 1}, similarityMatrix(s)).center; };
    const std::array<double, 3> p{0.3, -0.7, 1.9};
    expectNear(at(a.then(b), p), at(b, at(a, p)));
    expectNear(at(a.then(a.inverse()), p), p);
    expectNear(at(a.inverse(), at(a, p)), p);
}

TEST(Similarity, DegreesComeBackAlsoWhereTwoAxesFall) {
    for (const std::array<double, 3>& degrees : {std::array<double, 3>{12, -34, 56}, {170, 80, -170}, {0, 90, 25}, {33, -90, 0}, {-90, 0, 180}}) {
        const Mat3 there = matrixOf(rotationOfDegrees(degrees)), back = matrixOf(rotationOfDegrees(degreesOf(rotationOfDegrees(degrees))));
        for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(there[i], back[i], 1e-7) << degrees[0] << " " << degrees[1] << " " << degrees[2];
    }
    expectNear(degreesOf(rotationOfDegrees({12, -34, 56})), {12, -34, 56}, 1e-9);
}

TEST(SplatScene, SettingsPlaceOrderHideAndFade) {
    const SplatCloud one = test::makeCloud(100, 1, 1), two = test::makeCloud(50, 0, 2), three = test::makeCloud(30, 0, 3);
    const Scenes scenes{{"scene_1", one}, {"scene_2", two}, {"scene_3", three}};
    const std::vector<LayerSettings> settings{{.input = "scene_2", .name = "second", .opacity = 0.5, .move = {1, 2, 3}, .turn = {0, 90, 0}, .scale = 2},
                                              {.input = "scene_1", .visible = false},
                                              {.input = "scene_7", .name = "is not there"}};
    const SplatScene all = combined(scenes, settings);
    ASSERT_EQ(all.layers.size(), 3u);
    EXPECT_EQ(all.layers[0].name, "second");
    EXPECT_FALSE(all.layers[1].visible);
    EXPECT_EQ(all.layers[2].name, "made") << "what has no settings comes last, as it stands";
    EXPECT_EQ(all.count(), 80u);
    const SplatCloud merged = all.merged();
    ASSERT_EQ(merged.count(), 80u) << "what is hidden is no part of it";
    const auto* p = two.data().positions.data();
    // A quarter turn about y brings z to x and x to −z.
    EXPECT_NEAR(merged.data().positions[0], 2 * p[2] + 1, 1e-5);
    EXPECT_NEAR(merged.data().positions[1], 2 * p[1] + 2, 1e-5);
    EXPECT_NEAR(merged.data().positions[2], -2 * p[0] + 3, 1e-5);
    const auto opacity = [](float logit) { return 1 / (1 + std::exp(-logit)); };
    EXPECT_NEAR(opacity(merged.data().opacities[0]), 0.5 * opacity(two.data().opacities[0]), 1e-6);
    EXPECT_EQ(merged.data().opacities[50], three.data().opacities[0]);
    EXPECT_NE(all.hash(), combined(scenes, {}).hash());
}

TEST(SplatScene, ScenesOfSeveralMoveAsOne) {
    const Scenes inner{{"scene_1", test::makeCloud(10, 0, 1)}, {"scene_2", test::makeCloud(10, 0, 2)}};
    const LayerSettings up{.input = "scene_2", .move = {0, -1, 0}};
    const Scenes outer{{"scene_1", combined(inner, {&up, 1})}};
    const LayerSettings large{.input = "scene_1", .opacity = 0.5, .scale = 3};
    const SplatScene all = combined(outer, {&large, 1});
    ASSERT_EQ(all.layers.size(), 2u);
    EXPECT_EQ(all.layers[0].place.translation[1], -3);
    EXPECT_EQ(all.layers[1].opacity, 0.5);
}

TEST(SplatScene, FocusHoldsWhatIsVisible) {
    const SplatCloud cloud = test::makeCloud(200, 0, 1);
    SplatScene scene(cloud);
    EXPECT_EQ(scene.focus().radius, cloud.focus().radius) << "of one alone it is its own";
    scene.layers.push_back({.name = "far", .cloud = cloud, .place = {.translation = {100, 0, 0}}});
    EXPECT_NEAR(scene.focus().radius, 50 + cloud.focus().radius, 1e-9);
    EXPECT_NEAR(scene.focus().center[0], cloud.focus().center[0] + 50, 1e-9);
    scene.layers[1].visible = false;
    EXPECT_EQ(scene.focus().radius, cloud.focus().radius);
}

TEST(SplatScene, SettingsAreReadBackAndRefusedWithTheirPlace) {
    const std::vector<LayerSettings> some{{.input = "scene_2", .name = "ä \"b\"", .visible = false, .opacity = 0.25, .move = {1, -2, 3.5}, .turn = {1, 2, 3}, .scale = 0.1},
                                          {.input = "scene_1"}};
    EXPECT_EQ(layersFromJson(parseJson(dumpJson(layersToJson(some)), "layers"), "layers"), some);
    const auto refused = [](const char* text, const char* part) { test::expectError([&] { layersFromJson(parseJson(text, "layers"), "layers"); }, part); };
    refused("{}", "no list");
    refused(R"([{"name": "a"}])", "layer 1: input is missing");
    refused(R"([{"input": "scene_1"}, {"input": "scene_1"}])", "layer 2: input scene_1 stands twice");
    refused(R"([{"input": "scene_1", "opacity": 1.5}])", "opacity: 1.5");
    refused(R"([{"input": "scene_1", "scale": 0}])", "scale: 0");
    refused(R"([{"input": "scene_1", "move": [0, 0]}])", "move: not three numbers");
    refused(R"([{"input": "scene_1", "turn": [0, 0, "x"]}])", "turn");
    refused(R"([{"input": "scene_1", "place": 1}])", "place: not a key");
    refused(R"([7])", "layer 1: no object");
}

} // namespace
} // namespace ochre
