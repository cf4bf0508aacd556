// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/cameras/CameraPath.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/scene/SplatTransform.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

/// About y, so that 0 looks along z and 90 along x.
Quaternion yaw(double degrees) {
    return {std::cos(degrees * kDegree / 2), 0, std::sin(degrees * kDegree / 2), 0};
}

CameraKey key(double time, Vec3 position, double degrees = 0, Easing easing = Easing::Linear) {
    return {.time = time, .position = position, .rotation = yaw(degrees), .fov = 40, .focus = 2, .easing = easing};
}

double yawOf(const CameraKey& key) {
    const auto m = matrixOf(key.rotation);
    return std::atan2(m[2], m[8]) / kDegree;
}

double apart(const Vec3& a, const Vec3& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

TEST(CameraPath, PassesThroughItsKeys) {
    const CameraPath path{.keys = {key(0, {0, 0, 0}, 10), key(0.5, {1, 0, 0}, 40), key(2, {1, 3, 0}, -30), key(3, {0, 3, 5}, 170)}};
    for (const CameraKey& k : path.keys) {
        const CameraKey at = path.at(k.time);
        EXPECT_LT(apart(at.position, k.position), 1e-12) << k.time;
        EXPECT_NEAR(yawOf(at), yawOf(k), 1e-9) << k.time;
    }
    EXPECT_EQ(path.at(-1).position, path.keys.front().position);
    EXPECT_EQ(path.at(9).position, path.keys.back().position);
}

TEST(CameraPath, SpeedAndTurnDoNotJumpAtAKey) {
    const CameraPath path{.keys = {key(0, {0, 0, 0}, 0), key(0.5, {1, 0, 0}, 50), key(2, {2, 3, 0}, 60), key(3, {0, 3, 5}, 20)}};
    const double h = 1e-5;
    for (const double t : {0.5, 2.0}) {
        const CameraKey before = path.at(t - h), at = path.at(t), after = path.at(t + h);
        for (std::size_t k = 0; k < 3; ++k)
            EXPECT_NEAR((at.position[k] - before.position[k]) / h, (after.position[k] - at.position[k]) / h, 1e-3) << t;
        EXPECT_NEAR((yawOf(at) - yawOf(before)) / h, (yawOf(after) - yawOf(at)) / h, 1e-2) << t;
    }
}

TEST(CameraPath, ASteadyMotionAlongALineStaysOne) {
    const CameraPath path{.keys = {key(0, {0, 0, 0}, 0), key(1, {2, 0, 0}, 20), key(3, {6, 0, 0}, 60), key(4, {8, 0, 0}, 80)}};
    for (double t = 0; t <= 4; t += 0.125) {
        EXPECT_NEAR(path.at(t).position[0], 2 * t, 1e-9);
        EXPECT_NEAR(yawOf(path.at(t)), 20 * t, 1e-9);
    }
}

TEST(CameraPath, EasingChangesWhenNotWhere) {
    for (const Easing easing : kEasings) {
        EXPECT_EQ(eased(easing, 0), 0);
        EXPECT_EQ(eased(easing, 1), 1);
        const CameraPath path{.keys = {key(0, {0, 0, 0}, 0, easing), key(1, {4, 0, 0}, 40)}};
        EXPECT_NEAR(path.at(0.25).position[0], 4 * eased(easing, 0.25), 1e-9) << name(easing);
        EXPECT_NEAR(yawOf(path.at(0.25)), 40 * eased(easing, 0.25), 1e-9) << name(easing);
    }
    EXPECT_LT(eased(Easing::In, 0.25), 0.25);
    EXPECT_GT(eased(Easing::Out, 0.25), 0.25);
    EXPECT_NEAR(eased(Easing::InOut, 0.5), 0.5, 1e-12);
}

TEST(CameraPath, HoldStaysAndThenJumpsWithoutBendingItsNeighbours) {
    const CameraPath path{.keys = {key(0, {0, 0, 0}), key(1, {1, 0, 0}, 0, Easing::Hold), key(2, {9, 9, 9}), key(3, {9, 9, 8})}};
    EXPECT_EQ(path.at(1.999).position, path.keys[1].position);
    EXPECT_EQ(path.at(2).position, path.keys[2].position);
    EXPECT_NEAR(path.at(0.5).position[0], 0.5, 1e-12);
    EXPECT_EQ(path.at(0.5).position[1], 0);
    EXPECT_NEAR(path.at(2.5).position[0], 9, 1e-12);
}

TEST(CameraPath, ALoopGoesFromTheLastKeyToTheFirst) {
    const CameraPath path{.keys = {key(0, {0, 0, 0}, 0), key(1, {1, 0, 0}, 90), key(2, {1, 1, 0}, 180), key(3, {0, 1, 0}, -90)},
                          .duration = 4,
                          .loop = true};
    EXPECT_LT(apart(path.at(4).position, path.at(0).position), 1e-12);
    EXPECT_LT(apart(path.at(3.5).position, {-0.125, 0.5, 0}), 1e-9) << "the middle of the fourth side of a rounded square";
    EXPECT_NEAR(std::remainder(yawOf(path.at(3.5)) - 315, 360), 0, 1e-9) << "turns on the short way";
    EXPECT_LT(apart(path.at(-0.5).position, path.at(3.5).position), 1e-12);
    EXPECT_LT(apart(path.at(7.5).position, path.at(3.5).position), 1e-12);
}

TEST(CameraPath, ALoopWithAKeyAtItsEndJustLeavesThatOut) {
    const CameraPath path{.keys = {key(0, {0, 0, 0}), key(2, {1, 0, 0}), key(4, {5, 5, 5})}, .duration = 4, .loop = true};
    EXPECT_LT(apart(path.at(3.999999).position, {0, 0, 0}), 1e-3);
}

TEST(CameraPath, ATurntableIsACircleToOneInTenThousand) {
    const Focus focus{{1, 2, 3}, 0.7};
    const CameraPath path = turntable(focus, 6, 25, 20, 50);
    EXPECT_EQ(path.frames(), 150u);
    const double radius = apart(path.at(0).position, focus.center);
    for (std::size_t i = 0; i < path.frames(); ++i) {
        const CameraKey at = path.at(path.timeOf(i));
        EXPECT_NEAR(apart(at.position, focus.center) / radius, 1, 2e-4) << i;
        const Vec3 middle = at.camera(1600, 900).toCamera(focus.center);
        EXPECT_NEAR(middle[0] / middle[2], 0, 2e-3) << i;
        EXPECT_NEAR(middle[1] / middle[2], 0, 1e-3) << i;
        EXPECT_NEAR(at.focus, middle[2], 1e-3) << i;
    }
    EXPECT_NEAR(std::abs(std::remainder(yawOf(path.at(3)) - yawOf(path.at(0)), 360)), 180, 1e-6);
}

TEST(CameraPath, AKeySeesWhatItsCameraSees) {
    const Camera camera = Camera::orbit({1, 2, 3}, 4, 130, -25, 33, 640, 360);
    const Camera again = keyOf(camera).camera(640, 360);
    for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(again.worldToCamera[i], camera.worldToCamera[i], 1e-12);
    EXPECT_NEAR(again.fy, camera.fy, 1e-9);
    const Camera flat = camera.orthographicAt(4);
    const CameraKey key = keyOf(flat, 4);
    EXPECT_NEAR(key.camera(640, 360).fy / key.focus, flat.fy, 1e-9) << "as large at the focus";
    for (const Quaternion& q : {Quaternion{0, 1, 0, 0}, Quaternion{0, 0, 1, 0}, Quaternion{0, 0, 0, 1}}) {
        CameraKey turned;
        turned.rotation = q;
        const Quaternion back = quaternionOf(turned.camera(8, 8).worldToCamera);
        EXPECT_NEAR(std::abs(back[1] * q[1] + back[2] * q[2] + back[3] * q[3]), 1, 1e-12);
    }
}

TEST(CameraPath, AKeyReplacesTheOneOfItsFrame) {
    CameraPath path{.fps = 10};
    EXPECT_EQ(path.put(key(1, {1, 0, 0})), 0u);
    EXPECT_EQ(path.put(key(0, {0, 0, 0})), 0u);
    EXPECT_EQ(path.put(key(1.02, {2, 0, 0})), 1u);
    ASSERT_EQ(path.keys.size(), 2u);
    EXPECT_EQ(path.keys[1].position[0], 2);
}

TEST(CameraPath, IsTheSameFromItsFile) {
    const test::TemporaryFolder folder;
    CameraPath path = turntable({{0, 0, 0}, 1}, 3, 24);
    path.keys[1].easing = Easing::InOut;
    path.keys[2].focus = 0;
    writeCameraPath(path, folder / "path.json");
    EXPECT_EQ(readCameraPath(folder / "path.json"), path);
}

TEST(CameraPath, WhatIsNoneSaysWhere) {
    const Json good = cameraPathToJson(CameraPath{.keys = {key(0, {0, 0, 0}), key(1, {1, 0, 0})}});
    const auto refused = [&](const std::function<void(Json&)>& spoil, const std::string& part) {
        Json json = good;
        spoil(json);
        const Error e = test::expectError([&] { cameraPathFromJson(json, "path.json"); }, part);
        EXPECT_TRUE(e.message().starts_with("path.json")) << e.message();
        EXPECT_EQ(e.kind(), ErrorKind::Broken);
    };
    refused([](Json& j) { j.erase("keys"); }, "keys");
    refused([](Json& j) { j["duration"] = 0; }, "duration");
    refused([](Json& j) { j["fps"] = 1e9; }, "fps");
    refused([](Json& j) { j["loop"] = 1; }, "loop");
    refused([](Json& j) { j["version"] = 2; }, "version 2");
    refused([](Json& j) { j["keys"][1].erase("time"); }, "key 2: time");
    refused([](Json& j) { j["keys"][1]["time"] = 0; }, "two keys at 0 s");
    refused([](Json& j) { j["keys"][0]["position"] = {1, 2}; }, "key 1: position");
    refused([](Json& j) { j["keys"][0]["rotation"] = {0, 0, 0, 0}; }, "rotation");
    refused([](Json& j) { j["keys"][0]["fov"] = 180; }, "fov");
    refused([](Json& j) { j["keys"][0]["easing"] = "bounce"; }, "easing");
    refused([](Json& j) { j["keys"][0] = 3; }, "key 1");
    refused([](Json& j) { j["keys"] = std::vector<int>(10001, 0); }, "10001 keys");
    test::expectError([&] { cameraPathFromJson(Json::array(), "path.json"); }, "no camera path");
    test::expectError([] { CameraPath().at(0); }, "no key");
}

} // namespace
} // namespace ochre
