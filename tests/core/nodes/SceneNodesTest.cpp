// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes of scenes.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/models/field/FieldFile.h"
#include "core/nodes/Make.h"
#include "core/scene/field/PlacedField.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/core/scene/field/RandomField.h"
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

PlacedField evenBox(double density) {
    HashField field = test::evenField(density);
    test::occupyAlongZ(field);
    return {std::make_shared<const HashField>(std::move(field))};
}

TEST(LoadField, StandsUprightUnlessAskedNotTo) {
    const test::TemporaryFolder folder;
    const std::string file = folder / "box.field.safetensors";
    models::writeField(*evenBox(2).field, file, "a test");
    const auto node = [&] { return NodeBench("scene.load_field").set("path", file); };
    const graph::Value scene = node().run("scene");
    ASSERT_EQ(scene.as<SplatCloud>().fields().size(), 1u);
    EXPECT_NEAR(transformed(scene.as<SplatCloud>().fields().front().toWorld, {0, 0, 1})[1], -1, 1e-12);
    const graph::Value plain = node().set("upright", false).run("scene");
    EXPECT_EQ(plain.as<SplatCloud>().fields().front().toWorld, PlacedField().toWorld);
    EXPECT_NE(NodeBench("scene.load_field").fails().hint().find("panel"), std::string::npos);
}

TEST(CombineScenes, PutsFieldsAmongSplats) {
    const graph::Value field = makeSceneValue(SplatCloud().withFields({evenBox(400)}));
    const graph::Value both = NodeBench("scene.combine").give("scene_1", disc()).give("scene_2", field)
                                  .set("layers", std::string(R"([{"input": "scene_2", "move": [0, 0, -2], "scale": 0.5}])")).run("scene");
    const SplatCloud merged = both.as<SplatScene>().merged();
    EXPECT_EQ(merged.count(), 2u);
    ASSERT_EQ(merged.fields().size(), 1u);
    EXPECT_EQ(merged.fields().front().toWorld[11], -2);
    EXPECT_EQ(merged.fields().front().toWorld[0], 0.5);
    const auto colorOf = [](const graph::Value& scene, double z) {
        const Camera camera = Camera::lookAt({0, 0, z}, {0, 0, 0}, {0, 1, 0}, 40, 33, 33);
        const Image image = NodeBench("scene.render").give("scene", scene).give("camera", makeCameraValue(camera))
                                .set("renderer", std::string("cpu")).run("image").as<Image>();
        return image.pixel(16, 16)[2];
    };
    EXPECT_NEAR(colorOf(both, -5), 0.5, 0.02) << "the field stands before the disc";
    EXPECT_GT(colorOf(both, 5), 0.7) << "from the other side it is behind it";
}

TEST(SceneMaps, AreOfFieldsToo) {
    const auto node = NodeBench("scene.maps").give("scene", makeSceneValue(SplatCloud().withFields({evenBox(400)}))).set("renderer", std::string("cpu"))
                          .give("camera", makeCameraValue(Camera::lookAt({0, -2, -4}, {0, -0.5, -1}, {0, 1, 0}, 40, 33, 33)));
    const Image depth = node.run("depth").as<Image>(), normals = node.run("normals").as<Image>();
    EXPECT_EQ(*std::ranges::max_element(depth.values()), 1);
    EXPECT_GT(depth.pixel(16, 16)[0], 0.3);
    EXPECT_GT(depth.pixel(16, 12)[0], 0);
    EXPECT_LT(normals.pixel(16, 20)[1], 0.5) << "seen from above its face points down in the picture";
    EXPECT_NEAR(node.run("mask").as<Image>().pixel(16, 16)[0], 1, 0.01);
}

TEST(DistilField, LearnsANetworkOnce) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    const auto node = [&] { return NodeBench("scene.distil_field").set("path", chair.string()).set("quality", 0.002); };
    const graph::Value scene = node().run("scene"), again = node().run("scene");
    ASSERT_EQ(scene.as<SplatCloud>().fields().size(), 1u);
    EXPECT_EQ(scene.as<SplatCloud>().hash(), again.as<SplatCloud>().hash());
    EXPECT_NE(NodeBench("scene.distil_field").set("path", test::sourceFile("tests/parity/mamba/small/weights.safetensors").string()).fails().message().find("NeRF"),
              std::string::npos);
}

} // namespace
} // namespace ochre::nodes
