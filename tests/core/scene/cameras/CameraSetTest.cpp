// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/cameras/CameraSet.h"

#include <cmath>
#include <cstring>
#include <fstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/scene/cameras/ColmapCameras.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

CameraSet someCameras() {
    CameraSet set;
    for (int i = 0; i < 3; ++i)
        set.cameras.push_back({Camera::orbit({1, 0, 2}, 3, 50 * i, 10 * i - 5, 40, i == 2 ? 320 : 640, 360), "photo " + std::to_string(i) + ".png"});
    set.cameras[0].camera.cx = 311.5;
    set.cameras[0].camera.fx *= 1.25;
    return set;
}

void expectSame(const CameraSet& a, const CameraSet& b, double tolerance = 1e-9) {
    ASSERT_EQ(a.cameras.size(), b.cameras.size());
    for (std::size_t i = 0; i < a.cameras.size(); ++i) {
        const Camera &p = a.cameras[i].camera, &q = b.cameras[i].camera;
        EXPECT_EQ(a.cameras[i].picture, b.cameras[i].picture);
        EXPECT_EQ(p.width, q.width);
        EXPECT_EQ(p.height, q.height);
        EXPECT_NEAR(p.fx, q.fx, 1e-6);
        EXPECT_NEAR(p.fy, q.fy, 1e-6);
        EXPECT_NEAR(p.cx, q.cx, 1e-6);
        EXPECT_NEAR(p.cy, q.cy, 1e-6);
        for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(p.worldToCamera[k], q.worldToCamera[k], tolerance) << i << " " << k;
    }
}

TEST(CameraSet, EveryFileGivesBackWhatWasWritten) {
    const test::TemporaryFolder folder;
    const CameraSet set = someCameras();
    for (const std::string name : {"transforms.json", "text/images.txt", "binary"}) {
        writeCameras(set, folder / name);
        expectSame(readCameras(folder / name).set, set);
    }
    EXPECT_TRUE(std::filesystem::exists(folder / "text/points3D.txt"));
    EXPECT_TRUE(std::filesystem::exists(folder / "binary/cameras.bin"));
    expectSame(readCameras(folder / "binary/images.bin").set, set);
}

TEST(CameraSet, ASingleLensStandsOnceInTransforms) {
    CameraSet set = someCameras();
    for (PhotoCamera& p : set.cameras) p.camera = p.camera.resized(640, 360), p.camera.fx = 500, p.camera.cx = 320;
    const Json json = transformsToJson(set);
    EXPECT_EQ(json.at("fl_x"), 500);
    EXPECT_FALSE(json.at("frames").at(0).contains("fl_x"));
    expectSame(transformsFromJson(json, "t"), set);
}

TEST(CameraSet, NerfSyntheticHasNoSizesAndLeavesOutExtensions) {
    const test::TemporaryFolder folder;
    const std::string text = R"({"camera_angle_x": 0.6911112070083618, "frames": [{"file_path": "./train/r_0", "rotation": 0.01,
        "transform_matrix": [[1, 0, 0, 0.5], [0, 0, -1, -4], [0, 1, 0, 0.25], [0, 0, 0, 1]]}]})";
    writeFileAtomic(folder / "transforms_train.json", text);
    CameraSet set = readCameras(folder / "transforms_train.json").set;
    ASSERT_EQ(set.cameras.size(), 1u);
    const Camera& c = set.cameras[0].camera;
    EXPECT_EQ(c.width, 800);
    EXPECT_NEAR(c.fx, 1111.111, 1e-2);
    EXPECT_EQ(c.fy, c.fx);
    EXPECT_NEAR(c.position()[1], -4, 1e-12);
    EXPECT_NEAR(c.toCamera({0.5, 0, 0.25})[2], 4, 1e-12) << "looks along the world's y";
    EXPECT_LT(c.toCamera({0.5, 0, 1.25})[1], 0) << "the world's z is up";
    EXPECT_TRUE(set.pictureOf(0).empty()) << "missing pictures are no error";
    std::filesystem::create_directory(folder / "train");
    writeFileAtomic(folder / "train/r_0.png", "x");
    EXPECT_EQ(set.pictureOf(0).filename(), "r_0.png");
}

TEST(CameraSet, CapturesAreRead) {
    OCHRE_SHARED_OR_SKIP(fox, "data/captures/fox/transforms.json");
    const CameraSet set = readCameras(fox).set;
    ASSERT_GT(set.cameras.size(), 10u);
    EXPECT_GT(set.distorted(), 0u) << "its k1 is not 0";
    EXPECT_EQ(set.cameras[0].camera.width, 1080);
    const CameraPath path = pathThrough(set, 0.5);
    EXPECT_EQ(path.keys.size(), set.cameras.size());
    EXPECT_NEAR(path.at(0.5).position[0], set.cameras[1].camera.position()[0], 1e-9);
}

TEST(CameraSet, TransformsSayWhichFrameIsWrong) {
    const Json good = transformsToJson(someCameras());
    const auto refused = [&](const std::function<void(Json&)>& spoil, const std::string& part) {
        Json json = good;
        spoil(json);
        EXPECT_EQ(test::expectError([&] { transformsFromJson(json, "transforms.json"); }, part).kind(), ErrorKind::Broken);
    };
    refused([](Json& j) { j.erase("frames"); }, "no list of frames");
    refused([](Json& j) { j["frames"][1].erase("transform_matrix"); }, "frame 2: transform_matrix");
    refused([](Json& j) { j["frames"][1]["transform_matrix"][0][0] = 3; }, "frame 2: transform_matrix: its left");
    refused([](Json& j) { for (Json& row : j["frames"][0]["transform_matrix"]) row[0] = -row[0].get<double>(); }, "mirrors");
    refused([](Json& j) { j["frames"][2]["w"] = 0; }, "frame 3: w");
    refused([](Json& j) { for (const char* k : {"fl_x", "fl_y", "camera_angle_x", "camera_angle_y"}) j["frames"][0].erase(k); }, "no focal length");
    refused([](Json& j) { j["frames"][0]["file_path"] = 1; }, "file_path");
    refused([](Json& j) { j["frames"][0] = nullptr; }, "frame 1");
}

TEST(CameraSet, ColmapsLensesWithDistortionKeepTheirPinholePart) {
    const std::string cameras = "# c\n3 SIMPLE_RADIAL 640 480 500 320 240 0.01\r\n9 OPENCV 640 480 500 510 321 241 0 0 0 0\n";
    const std::string images = "# i\n\n1 0.5 0.5 0.5 0.5 1 2 3 3 a b.jpg\n1.5 2.5 -1 3 4 7\n2 1 0 0 0 0 0 0 9 c.jpg\n\n";
    const CameraSet set = parseColmapText(cameras, images);
    ASSERT_EQ(set.cameras.size(), 2u);
    EXPECT_EQ(set.cameras[0].picture, "a b.jpg");
    EXPECT_EQ(set.cameras[0].lens.radial[0], 0.01);
    EXPECT_EQ(set.cameras[0].camera.fy, 500);
    EXPECT_EQ(set.cameras[0].camera.toCamera({1, 0, 0}), (Vec3{1, 3, 3})) << "x becomes y";
    EXPECT_FALSE(set.cameras[1].lens.bends());
    EXPECT_EQ(set.cameras[1].camera.fy, 510);
}

TEST(CameraSet, ColmapsFilesThatAreWrongSaySo) {
    const std::string cameras = "1 PINHOLE 64 48 50 50 32 24\n", images = "1 1 0 0 0 0 0 0 1 a.png\n\n";
    EXPECT_EQ(parseColmapText(cameras, images).cameras.size(), 1u);
    test::expectError([&] { parseColmapText("1 PINHOLE 64 48 50 50 32\n", images); }, "cameras.txt: line 1");
    test::expectError([&] { parseColmapText("1 SPHERE 64 48 50 50 32 24\n", images); }, "SPHERE");
    test::expectError([&] { parseColmapText(cameras + cameras, images); }, "stands twice");
    test::expectError([&] { parseColmapText("1 PINHOLE 0 48 50 50 32 24\n", images); }, "size");
    test::expectError([&] { parseColmapText("1 PINHOLE 64 48 -50 50 32 24\n", images); }, "lens");
    test::expectError([&] { parseColmapText(cameras, "1 1 0 0 0 0 0 0 2 a.png\n\n"); }, "camera 2 is not among");
    test::expectError([&] { parseColmapText(cameras, "1 0 0 0 0 0 0 0 1 a.png\n\n"); }, "rotation");
    test::expectError([&] { parseColmapText(cameras, "1 1 0 0 nan 0 0 0 1 a.png\n\n"); }, "images.txt: line 1");
}

TEST(CameraSet, ACutOffOrHostileBinaryFileIsRefusedAtEveryLength) {
    const ColmapFiles files = colmapBin(someCameras());
    const auto bytes = [](const std::string& s) { return std::as_bytes(std::span(s)); };
    EXPECT_EQ(parseColmapBin(bytes(files.cameras), bytes(files.images)).cameras.size(), 3u);
    for (std::size_t n = 0; n < files.cameras.size(); ++n)
        test::expectError([&] { parseColmapBin(bytes(files.cameras).first(n), bytes(files.images)); }, "cameras.bin");
    for (std::size_t n = 0; n < files.images.size(); ++n)
        test::expectError([&] { parseColmapBin(bytes(files.cameras), bytes(files.images).first(n)); }, "images.bin");
    std::string huge = files.images;
    std::memset(huge.data(), 0x7f, 8);
    test::expectError([&] { parseColmapBin(bytes(files.cameras), bytes(huge)); }, "do not fit");
    test::expectError([&] { parseColmapBin(bytes(files.cameras), bytes(files.images + "x")); }, "after the last");
}

TEST(CameraSet, WhatHoldsNoCamerasSaysWhatIsKnown) {
    const test::TemporaryFolder folder;
    EXPECT_EQ(test::expectError([&] { readCameras(folder.path()); }, "no cameras of COLMAP").kind(), ErrorKind::NotMine);
    writeFileAtomic(folder / "a.json", "{\"a\": 1}");
    test::expectError([&] { readCameras(folder / "a.json"); }, "no cameras");
    writeFileAtomic(folder / "camera.json", dumpJson(cameraToJson(Camera())));
    EXPECT_EQ(readCameras(folder / "camera.json").set.cameras.size(), 1u);
    CameraSet flat = someCameras();
    flat.cameras[1].camera = flat.cameras[1].camera.orthographicAt(3);
    test::expectError([&] { writeCameras(flat, folder / "flat"); }, "perspective");
}

TEST(CameraSet, FramesOfAPathAreItsCameras) {
    const CameraPath path = turntable({{0, 0, 0}, 1}, 2, 10);
    const CameraSet set = framesOf(path, 64, 48);
    ASSERT_EQ(set.cameras.size(), 20u);
    EXPECT_EQ(set.cameras[4].picture, "frame_0005.png");
    EXPECT_NEAR(set.cameras[4].camera.position()[0], path.at(0.4).position[0], 1e-12);
}

} // namespace
} // namespace ochre
