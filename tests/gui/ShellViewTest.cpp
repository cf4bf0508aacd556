// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/OrbitCamera.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ui/bridge/Picture.h"

namespace ochre::ui {
namespace {

TEST(OrbitCamera, LookingAroundKeepsTheEye) {
    OrbitCamera camera;
    camera.frame({{1, 2, 3}, 2});
    camera.orbit(30, -20);
    const Vec3 before = camera.camera(200, 100).position();
    camera.look(15, 8);
    const Vec3 after = camera.camera(200, 100).position();
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(before[i], after[i], 1e-9);
}

TEST(OrbitCamera, WhatIsApproachedComesToTheMiddleAndToHalfItsDistance) {
    OrbitCamera camera;
    camera.frame({{0, 0, 0}, 1});
    camera.orbit(40, 10);
    const Vec3 point{0.4, -0.3, 0.2};
    const Camera before = camera.camera(200, 100);
    const Vec3 eye = before.position();
    const double away = std::hypot(eye[0] - point[0], eye[1] - point[1], eye[2] - point[2]);
    camera.approach(point, 0.01);
    const Camera now = camera.camera(200, 100);
    for (std::size_t i = 0; i < 11; ++i)
        if (i % 4 != 3) {
            EXPECT_NEAR(now.worldToCamera[i], before.worldToCamera[i], 1e-9);
        }
    const Vec3 seen = now.toCamera(point);
    EXPECT_NEAR(seen[0], 0, 1e-9);
    EXPECT_NEAR(seen[1], 0, 1e-9);
    EXPECT_NEAR(seen[2], away / 2, 1e-9);
}

TEST(OrbitCamera, PicturesAndPlacesBelongTogether) {
    OrbitCamera view;
    view.frame({{1, 2, 3}, 2});
    view.orbit(-35, 90);
    for (const bool parallel : {false, true}) {
        view.setOrthographic(parallel);
        const Camera camera = view.camera(320, 200);
        const Vec3 place{1.3, 1.8, 2.5};
        const auto at = projected(camera, place);
        ASSERT_TRUE(at);
        const Vec3 back = unprojected(camera, (*at)[0], (*at)[1], camera.toCamera(place)[2]);
        for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(back[i], place[i], 1e-9);
    }
}

TEST(OrbitCamera, WithoutPerspectiveThePivotKeepsItsSize) {
    OrbitCamera view;
    view.frame({{0, 0, 0}, 1});
    const auto width = [&view] {
        const Camera camera = view.camera(320, 200);
        return (*projected(camera, {0.01, 0, 0}))[0] - (*projected(camera, {-0.01, 0, 0}))[0];
    };
    const double before = width();
    view.setOrthographic(true);
    EXPECT_NEAR(width(), before, 1e-6);
}

TEST(OrbitCamera, FramingShowsTheWholeSphere) {
    OrbitCamera camera;
    camera.frame({{5, 5, 5}, 3});
    const Camera c = camera.camera(100, 100);
    const Vec3 top = c.toCamera({5, 2, 5});
    const double y = c.fy * top[1] / top[2] + c.cy;
    EXPECT_GT(y, 0);
    EXPECT_LT(y, 50);
}

TEST(OrbitCamera, PanFollowsTheMouse) {
    OrbitCamera camera;
    camera.frame({{0, 0, 0}, 1});
    camera.pan(10, 0, 100); // the pivot's point must be 10 pixels further right in a view of 100
    const Camera c = camera.camera(100, 100);
    const Vec3 p = c.toCamera({0, 0, 0});
    EXPECT_NEAR(c.fx * p[0] / p[2] + c.cx, 60, 1e-6);
}

TEST(Picture, EightBitValuesComeBackUnchanged) {
    Image image(256, 1, 1);
    for (int i = 0; i < 256; ++i) image.edit()[static_cast<std::size_t>(i)] = static_cast<float>(i) / 255.0f;
    const QImage shown = toDisplay(image);
    for (int i = 0; i < 256; ++i) EXPECT_EQ(qRed(shown.pixel(i, 0)), i);
}

TEST(Picture, ExposureDoublesLightAndBadNumbersAreBlack) {
    Image image(3, 1, 3, ColorSpace::Linear);
    auto values = image.edit();
    values[0] = values[1] = values[2] = 0.25f;
    values[3] = std::nanf("");
    const QImage plain = toDisplay(image), brighter = toDisplay(image, {.exposure = 1});
    EXPECT_EQ(qRed(plain.pixel(0, 0)), 137);    // sRGB of 0.25
    EXPECT_EQ(qRed(brighter.pixel(0, 0)), 188); // sRGB of 0.5
    EXPECT_EQ(qRed(plain.pixel(1, 0)), 0);
}

TEST(Picture, ThumbnailsKeepTheShapeAndTheMean) {
    Image image(400, 200, 1);
    for (std::size_t i = 0; i < image.valueCount(); ++i) image.edit()[i] = i % 2 ? 1.0f : 0.0f;
    const QImage small = thumbnailOf(graph::Value::make("image", image), 100);
    EXPECT_EQ(small.size(), QSize(100, 50));
    EXPECT_NEAR(qRed(small.pixel(10, 10)), 128, 1);
}

} // namespace
} // namespace ochre::ui
