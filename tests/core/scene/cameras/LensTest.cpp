// SPDX-License-Identifier: GPL-3.0-or-later
// Lenses that bend lines, against numbers of OpenCV 5.0 (projectPoints, fisheye::projectPoints) and pycolmap 4.2 (img_from_cam).
#include "core/scene/cameras/Lens.h"

#include <gtest/gtest.h>

#include "core/scene/cameras/ColmapCameras.h"

namespace ochre {
namespace {

void expectAt(const Lens& lens, double x, double y, double bx, double by) {
    const auto [ax, ay] = lens.bent(x, y);
    EXPECT_NEAR(ax, bx, 1e-9);
    EXPECT_NEAR(ay, by, 1e-9);
}

TEST(Lens, BendsAsOpenCvAndColmapDo) {
    const Lens opencv{.radial = {-0.2, 0.05}, .tangential = {0.003, -0.004}};
    expectAt(opencv, 0.4, -0.3, 0.37825, -0.2836875);
    expectAt(opencv, -0.7, 0.55, -0.62043196875, 0.487369046875);
    const Lens full{.radial = {-0.2, 0.05, 0.01}, .divisor = {0.02, -0.03, 0.004}, .tangential = {0.003, -0.004}};
    expectAt(full, -0.7, 0.55, -0.6245317033492, 0.4905902669172);
    expectAt(full, 0.05, 0.9, 0.0408553792111, 0.7963343258004);
    const Lens fisheye{.fisheye = true, .radial = {0.03, -0.01, 0.004, -0.002}};
    expectAt(fisheye, 0.4, -0.3, 0.373151912196, -0.279863934147);
    expectAt(fisheye, 0.05, 0.9, 0.0412494074522, 0.7424893341388);
    const Lens prism{.fisheye = true, .radial = {0.03, -0.01, 0.004, -0.002}, .tangential = {0.002, -0.001}, .prism = {0.001, -0.0015}};
    expectAt(prism, -0.7, 0.55, -0.581367643322, 0.457053409300);
    const Lens fov{.fieldOfView = 0.9};
    expectAt(fov, -0.7, 0.55, -0.620582245103, 0.487600335438);
    expectAt(fov, 0, 0, 0, 0);
    expectAt(fisheye, 0, 0, 0, 0);
    expectAt({}, 0.4, -0.3, 0.4, -0.3);
}

TEST(Lens, ColmapsModelsTakeTheirNumbersInItsOrder) {
    const auto lens = [](const char* model) {
        const std::string text = std::string("1 ") + model + "\n";
        return parseColmapText(text, "1 1 0 0 0 0 0 0 1 a.png\n\n").cameras[0].lens;
    };
    EXPECT_EQ(lens("FULL_OPENCV 64 48 50 50 32 24 1 2 3 4 5 6 7 8"),
              (Lens{.radial = {1, 2, 5}, .divisor = {6, 7, 8}, .tangential = {3, 4}}));
    EXPECT_EQ(lens("THIN_PRISM_FISHEYE 64 48 50 50 32 24 1 2 3 4 5 6 7 8"),
              (Lens{.fisheye = true, .radial = {1, 2, 5, 6}, .tangential = {3, 4}, .prism = {7, 8}}));
    EXPECT_EQ(lens("OPENCV_FISHEYE 64 48 50 50 32 24 1 2 3 4"), (Lens{.fisheye = true, .radial = {1, 2, 3, 4}}));
    EXPECT_EQ(lens("RADIAL 64 48 50 32 24 1 2"), (Lens{.radial = {1, 2}}));
    EXPECT_EQ(lens("FOV 64 48 50 50 32 24 0.5"), (Lens{.fieldOfView = 0.5}));
    EXPECT_FALSE(lens("PINHOLE 64 48 50 50 32 24").bends());
}

} // namespace
} // namespace ochre
