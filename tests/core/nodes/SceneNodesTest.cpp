// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes of scenes.
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/nodes/Make.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

/// Opacities of a tenth, two tenths … a whole, in a row along x.
graph::Value row(std::size_t count = 10) {
    SplatData d;
    for (std::size_t i = 0; i < count; ++i) {
        const double opacity = std::min(0.999, static_cast<double>(i + 1) / static_cast<double>(count));
        d.positions.insert(d.positions.end(), {static_cast<float>(i), 0, 0});
        d.logScales.insert(d.logScales.end(), {-2, -2, -2});
        d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
        d.opacities.push_back(static_cast<float>(std::log(opacity / (1 - opacity))));
        d.sh0.insert(d.sh0.end(), {0, 0, 0});
    }
    return makeSceneValue(SplatCloud(std::move(d), "row"));
}

NodeBench bench(const std::string& steps) {
    return NodeBench("scene.edit_splats").give("scene", row()).set("steps", steps);
}

TEST(CombineScenes, PutsSeveralInOnePlacedByItsLayers) {
    const std::string layers = R"([{"input": "scene_3", "name": "up", "move": [0, -2, 0], "opacity": 0.5}, {"input": "scene_1", "visible": false}])";
    const auto node = NodeBench("scene.combine").give("scene_1", row(4)).give("scene_3", row(5)).set("layers", layers);
    const graph::Value value = node.run("scene");
    const SplatScene& scene = value.as<SplatScene>();
    ASSERT_EQ(scene.layers.size(), 2u);
    EXPECT_EQ(scene.layers[0].name, "up");
    EXPECT_EQ(scene.layers[0].cloud.count(), 5u);
    EXPECT_FALSE(scene.layers[1].visible);
    EXPECT_EQ(node.run("count").as<std::int64_t>(), 5);
    // Where one cloud is needed they become one.
    const SplatCloud merged = NodeBench("scene.edit_splats").give("scene", value).set("steps", std::string("[]")).run("scene").as<SplatCloud>();
    ASSERT_EQ(merged.count(), 5u);
    EXPECT_EQ(merged.data().positions[1], -2);
    EXPECT_NE(NodeBench("scene.combine").fails().message().find("no scene"), std::string::npos);
    EXPECT_NE(NodeBench("scene.combine").give("scene_1", row()).set("layers", std::string("[7]")).fails().message().find("layer 1"), std::string::npos);
}

TEST(CombineScenes, IsDrawnAsTheMergedCloudIs) {
    const std::string layers = R"([{"input": "scene_2", "move": [0, 0.5, 0], "turn": [0, 0, 30], "scale": 0.8, "opacity": 0.7}])";
    const graph::Value apart = NodeBench("scene.combine").give("scene_1", row()).give("scene_2", row()).set("layers", layers).run("scene");
    const graph::Value merged = makeSceneValue(apart.as<SplatScene>().merged());
    const graph::Value camera = makeCameraValue(Camera::frame({{4.5, 0, 0}, 5}, 96, 64));
    const auto picture = [&](const graph::Value& scene) {
        return NodeBench("scene.render").give("scene", scene).give("camera", camera).set("renderer", std::string("cpu"))
            .set("behind", std::string("gradient")).run("image").as<Image>();
    };
    const Image a = picture(apart), b = picture(merged);
    double worst = 0;
    for (std::size_t i = 0; i < a.values().size(); ++i) worst = std::max<double>(worst, std::abs(a.values()[i] - b.values()[i]));
    EXPECT_GT(a.pixel(30, 32)[0] + a.pixel(48, 32)[0], 0.3) << "something is drawn";
    EXPECT_LT(worst, 0.002);
    EXPECT_NEAR(a.pixel(0, 0)[0], 0, 0.01);
    EXPECT_NEAR(a.pixel(0, 63)[0], 0.5, 0.01) << "the gradient below";
}

TEST(EditSplats, AppliesItsStepsInOrder) {
    const auto node = bench(R"([
        {"step": "select", "combine": "replace", "query": {"kind": "opacity", "min": 0, "max": 0.35}},
        {"step": "delete"},
        {"step": "select", "combine": "replace", "query": {"kind": "all"}},
        {"step": "move", "rotation": [1, 0, 0, 0], "scale": 1, "translation": [0, -2, 0], "pivot": [0, 0, 0]}])");
    const graph::Value scene = node.run("scene");
    const SplatCloud& cloud = scene.as<SplatCloud>();
    ASSERT_EQ(cloud.count(), 7u);
    EXPECT_EQ(cloud.data().positions[0], 3);
    EXPECT_EQ(cloud.data().positions[1], -2);
    EXPECT_EQ(node.run("count").as<std::int64_t>(), 7);
}

TEST(EditSplats, WithoutStepsGivesTheSameScene) {
    EXPECT_EQ(bench("[]").run("scene").as<SplatCloud>().count(), 10u);
}

TEST(EditSplats, SaysWhichStepCannotBeDone) {
    EXPECT_NE(bench(R"([{"step": "invert"}, {"step": "delete"}, {"step": "delete"}])").fails().message().find("step 3"), std::string::npos);
    EXPECT_NE(bench(R"([{"step": "paint"}])").fails().message().find("\"paint\""), std::string::npos);
    bench("not json").fails();
}

TEST(CameraPathNode, WithoutKeysGoesOnceAroundTheScene) {
    const auto node = NodeBench("scene.camera_path").give("scene", row());
    EXPECT_EQ(node.run("frames").as<std::int64_t>(), 150);
    EXPECT_TRUE(node.run("path").as<CameraPath>().loop);
    const Camera first = node.run("camera").as<Camera>();
    EXPECT_EQ(first.width, 1280);
    const Camera half = NodeBench("scene.camera_path").give("scene", row()).set("frame", std::int64_t{76}).run("camera").as<Camera>();
    EXPECT_NEAR(half.position()[2] - row().as<SplatCloud>().focus().center[2], -(first.position()[2] - row().as<SplatCloud>().focus().center[2]), 1e-6)
        << "half way it stands opposite";
    EXPECT_NE(NodeBench("scene.camera_path").fails().hint().find("K"), std::string::npos);
}

TEST(CameraPathNode, GoesByItsKeysAndStopsAtTheLastFrame) {
    CameraPath path{.duration = 1, .fps = 10};
    path.put({.time = 0, .position = {0, 0, -4}, .fov = 30});
    path.put({.time = 1, .position = {10, 0, -4}, .fov = 30});
    const std::string keys = dumpJson(cameraPathToJson(path));
    const auto at = [&](std::int64_t frame) {
        return NodeBench("scene.camera_path").set("keys", keys).set("frame", frame).set("height", std::int64_t{90}).run("camera").as<Camera>();
    };
    EXPECT_NEAR(at(4).position()[0], 3, 1e-9);
    EXPECT_NEAR(at(1000).position()[0], 9, 1e-9);
    EXPECT_EQ(at(1).height, 90);
    EXPECT_NE(NodeBench("scene.camera_path").set("keys", std::string("{}")).fails().message().find("keys"), std::string::npos);
}

/// A disc that faces the camera, three units before it.
graph::Value disc() {
    SplatData d;
    d.positions = {0, 0, 0, 0.8f, 0, 1};
    d.logScales = {-1, -1, -8, -1, -1, -8};
    d.rotations = {1, 0, 0, 0, 1, 0, 0, 0};
    d.opacities = {8, 8};
    d.sh0 = {1, 1, 1, 0, 0, 0};
    return makeSceneValue(SplatCloud(std::move(d), "discs"));
}

TEST(SceneMaps, AreWhatAControlNetTakes) {
    const Camera camera = Camera::lookAt({0, 0, -3}, {0, 0, 0}, {0, 1, 0}, 40, 64, 48);
    const auto node = NodeBench("scene.maps").give("scene", disc()).give("camera", makeCameraValue(camera)).set("renderer", std::string("cpu"));
    const Image depth = node.run("depth").as<Image>(), normals = node.run("normals").as<Image>(), mask = node.run("mask").as<Image>();
    ASSERT_EQ(depth.channels(), 3);
    EXPECT_NEAR(depth.pixel(32, 24)[0], 1, 1e-5) << "the nearest is white";
    EXPECT_EQ(depth.pixel(0, 0)[0], 0);
    EXPECT_NEAR(normals.pixel(32, 24)[2], 1, 1e-3) << "it faces the camera";
    EXPECT_NEAR(normals.pixel(32, 24)[0], 0.5, 1e-3);
    EXPECT_EQ(normals.pixel(0, 0)[2], 1);
    EXPECT_GT(mask.pixel(32, 24)[0], 0.9);
    EXPECT_EQ(mask.pixel(0, 0)[0], 0);
    const Camera above = Camera::lookAt({0, -2, -2}, {0, 0, 0}, {0, 1, 0}, 40, 64, 48);
    const Image turned = NodeBench("scene.maps").give("scene", disc()).give("camera", makeCameraValue(above)).set("renderer", std::string("cpu")).run("normals").as<Image>();
    EXPECT_LT(turned.pixel(32, 24)[1], 0.3) << "seen from above its face points down in the picture";
}

TEST(RenderFilmNode, WritesItsFramesAndGoesOnWhereItWas) {
    const test::TemporaryFolder folder;
    CameraPath path = turntable(disc().as<SplatCloud>().focus(), 0.4, 10);
    const auto node = [&] {
        return NodeBench("scene.render_film").give("scene", disc()).give("camera_path", makeCameraPathValue(path))
            .set("path", (folder / "f/%03d.png").string()).set("width", std::int64_t{32}).set("height", std::int64_t{24}).set("renderer", std::string("cpu"));
    };
    node().run("path");
    for (const char* name : {"f/001.png", "f/004.png"}) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
    EXPECT_FALSE(std::filesystem::exists(folder / "f/005.png"));
    EXPECT_NE(node().set("first", std::int64_t{9}).fails().message().find("has 4"), std::string::npos);
    EXPECT_NE(node().set("path", (folder / "f.mp4").string()).set("transparent", true).fails().message().find("transparency"), std::string::npos);
}

} // namespace
} // namespace ochre::nodes
