// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Camera.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

Json plain() {
    return cameraToJson(Camera());
}

TEST(Camera, LookAtPutsTheTargetInTheMiddle) {
    const Camera c = Camera::lookAt({1, -2, -5}, {0.5, 0.25, 2}, {0, 1, 0}, 60, 640, 480);
    const Vec3 t = c.toCamera({0.5, 0.25, 2});
    EXPECT_NEAR(t[0], 0, 1e-12);
    EXPECT_NEAR(t[1], 0, 1e-12);
    EXPECT_GT(t[2], 0);
    const Vec3 eye = c.position();
    EXPECT_NEAR(eye[0], 1, 1e-12);
    EXPECT_NEAR(eye[1], -2, 1e-12);
    EXPECT_NEAR(eye[2], -5, 1e-12);
    EXPECT_NEAR(std::atan(240 / c.fy) * 2 * 180 / M_PI, 60, 1e-9);
}

TEST(Camera, WhatIsDownInTheWorldIsDownInThePicture) {
    const Camera c = Camera::orbit({0, 0, 0}, 4, 30, 20, 45, 320, 240);
    EXPECT_GT(c.toCamera({0, 1, 0})[1], 0);
    EXPECT_LT(c.position()[1], 0) << "positive pitch stands above the scene";
    EXPECT_GT(Camera::orbit({0, 0, 0}, 4, 30, 0, 45, 320, 240).position()[0], 0)
        << "positive yaw stands to the right";
}

TEST(Camera, StraightFromAboveIsStillACamera) {
    for (const double pitch : {90.0, -90.0, 500.0}) {
        const Camera c = Camera::orbit({1, 2, 3}, 2, 0, pitch, 45, 64, 64);
        for (const double v : c.worldToCamera) EXPECT_TRUE(std::isfinite(v));
        EXPECT_NO_THROW(cameraFromJson(cameraToJson(c), "camera"));
    }
}

TEST(Camera, FrameHoldsTheWholeSphere) {
    const Focus focus{{1, 2, 3}, 0.5};
    for (const auto& [w, h] : {std::pair{1280, 720}, {300, 900}, {64, 64}}) {
        const Camera c = Camera::frame(focus, w, h, 25, 10);
        for (int axis = 0; axis < 3; ++axis)
            for (const double sign : {-1.0, 1.0}) {
                Vec3 p = focus.center;
                p[static_cast<std::size_t>(axis)] += sign * focus.radius;
                const Vec3 t = c.toCamera(p);
                ASSERT_GT(t[2], c.near);
                EXPECT_GE(c.fx * t[0] / t[2] + c.cx, 0);
                EXPECT_LE(c.fx * t[0] / t[2] + c.cx, w);
                EXPECT_GE(c.fy * t[1] / t[2] + c.cy, 0);
                EXPECT_LE(c.fy * t[1] / t[2] + c.cy, h);
            }
    }
}

TEST(Camera, ResizingKeepsTheVerticalView) {
    const Camera a = Camera::orbit({0, 0, 0}, 3, 10, 5, 40, 640, 480), b = a.resized(1000, 960);
    const Vec3 p{0.1, 0.7, 0.2}, ta = a.toCamera(p), tb = b.toCamera(p);
    EXPECT_NEAR((a.fy * ta[1] / ta[2] + a.cy) / 480, (b.fy * tb[1] / tb[2] + b.cy) / 960, 1e-12);
    EXPECT_NEAR((a.fx * ta[0] / ta[2] + a.cx - 320) * 2, b.fx * tb[0] / tb[2] + b.cx - 500, 1e-9);
}

TEST(Camera, JsonKeepsEveryBit) {
    const Camera a = Camera::orbit({0.1, 0.2, 0.3}, 3.7, 12.3, 4.5, 39, 641, 479);
    const Camera b = cameraFromJson(parseJson(dumpJson(cameraToJson(a)), "camera"), "camera");
    EXPECT_EQ(a.worldToCamera, b.worldToCamera);
    EXPECT_EQ(a.fx, b.fx);
    EXPECT_EQ(a.cy, b.cy);
    EXPECT_EQ(a.width, b.width);
}

TEST(Camera, JsonKeepsLimitsAndProjection) {
    Camera a = Camera().orthographicAt(4);
    a.near = 0.01;
    a.far = 17;
    const Camera b = cameraFromJson(cameraToJson(a), "camera");
    EXPECT_TRUE(b.orthographic);
    EXPECT_EQ(b.near, 0.01);
    EXPECT_EQ(b.far, 17);
    EXPECT_EQ(b.fx, 250);
    Json without = plain();
    without.erase("near");
    EXPECT_EQ(cameraFromJson(without, "camera").near, 0.2);
    EXPECT_EQ(cameraFromJson(without, "camera").far, std::numeric_limits<double>::infinity());
    for (const auto& [key, value] : {std::pair<const char*, Json>{"near", 0}, {"near", "no"}, {"far", 0.1}, {"far", -1}, {"orthographic", 1}}) {
        Json json = plain();
        json[key] = value;
        test::expectError([&] { cameraFromJson(json, "camera.json"); }, key);
    }
}

TEST(Camera, SidesLookStraightAtTheSphere) {
    using Side = Camera::Side;
    const Focus focus{{1, 2, 3}, 0.5};
    const std::pair<Side, Vec3> directions[] = {{Side::Front, {0, 0, 1}},  {Side::Back, {0, 0, -1}}, {Side::Right, {-1, 0, 0}},
                                                {Side::Left, {1, 0, 0}}, {Side::Top, {0, 1, 0}},   {Side::Bottom, {0, -1, 0}}};
    for (const auto& [side, direction] : directions) {
        const Camera c = Camera::facing(side, focus, 200, 100);
        const Vec3 t = c.toCamera(focus.center);
        EXPECT_NEAR(t[0], 0, 1e-12);
        EXPECT_NEAR(t[1], 0, 1e-12);
        EXPECT_GT(t[2], 0.5);
        for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(c.worldToCamera[8 + k], direction[k], 1e-12);
        EXPECT_NO_THROW(cameraFromJson(cameraToJson(c), "camera"));
    }
}

TEST(Camera, WhatIsInThePlaneOfTheScreenIsAtTheSamePlaceForBothEyes) {
    const Camera camera = Camera::orbit({0, 0, 0}, 4, 20, 10, 45, 320, 240);
    const auto column = [](const Camera& c, const Vec3& p) {
        const Vec3 t = c.toCamera(p);
        return c.fx * t[0] / t[2] + c.cx;
    };
    const auto [left, right] = camera.stereo(0.2, 4);
    EXPECT_NEAR(column(left, {0, 0, 0}), 160, 1e-9);
    EXPECT_NEAR(column(right, {0, 0, 0}), 160, 1e-9);
    const Vec3 a = left.position(), b = right.position(), eye = camera.position();
    double apart = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        apart += (a[k] - b[k]) * (a[k] - b[k]);
        EXPECT_NEAR((a[k] + b[k]) / 2, eye[k], 1e-12);
    }
    EXPECT_NEAR(std::sqrt(apart), 0.2, 1e-12);
    EXPECT_LT(camera.toCamera(a)[0], 0) << "the left eye is to the left";
    const Vec3 nearer{eye[0] / 2, eye[1] / 2, eye[2] / 2};
    EXPECT_GT(column(left, nearer), column(right, nearer)) << "what is nearer is before the screen";
}

TEST(Camera, UnusableJsonIsRefusedByKey) {
    const std::pair<const char*, Json> cases[] = {{"width", 0},    {"width", 1.5},    {"height", 100000},
                                                  {"fx", 0},       {"fy", -1},        {"fx", "wide"},
                                                  {"cx", nullptr}, {"width", Json()}, {"fx", 1e300}};
    for (const auto& [key, value] : cases) {
        Json json = plain();
        json[key] = value;
        test::expectError([&] { cameraFromJson(json, "camera.json"); }, key);
        json.erase(key);
        test::expectError([&] { cameraFromJson(json, "camera.json"); }, key);
    }
    Json scaled = plain(), mirrored = plain(), flat = plain(), projective = plain();
    scaled["world_to_camera"][0][0] = 2;
    mirrored["world_to_camera"][1][1] = -1;
    flat["world_to_camera"] = {1, 2, 3};
    projective["world_to_camera"][3] = {0, 0, 1, 0};
    test::expectError([&] { cameraFromJson(scaled, "c"); }, "rotation");
    test::expectError([&] { cameraFromJson(mirrored, "c"); }, "mirror");
    test::expectError([&] { cameraFromJson(flat, "c"); }, "world_to_camera");
    test::expectError([&] { cameraFromJson(projective, "c"); }, "last row");
    test::expectError([] { cameraFromJson(Json(3), "c"); }, "no JSON object");
}

TEST(Camera, TheStoredCamerasAreRead) {
    OCHRE_SHARED_OR_SKIP(path, "data/splats/golden/biker-a.json");
    const Camera c = readCamera(path);
    EXPECT_EQ(c.width, 320);
    EXPECT_EQ(c.height, 240);
    EXPECT_NEAR(c.fx, 257.34083046114705, 1e-12);
    EXPECT_NEAR(c.worldToCamera[11], 2.311389553247309, 1e-12);
    EXPECT_EQ(c.near, 0.2);
}

} // namespace
} // namespace ochre
