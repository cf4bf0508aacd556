// SPDX-License-Identifier: GPL-3.0-or-later
// Photos of a bent lens made straight: they must lie on what a pinhole camera sees.
#include "core/render/Undistort.h"

#include <cmath>

#include <gtest/gtest.h>

namespace ochre {
namespace {

/// A smooth pattern over the directions of the camera's rays, as a pinhole sees it: colours of (x, y, 1).
std::array<float, 3> patternAt(double x, double y) {
    return {static_cast<float>(0.5 + 0.5 * std::sin(9 * x)), static_cast<float>(0.5 + 0.5 * std::sin(9 * y + 1)),
            static_cast<float>(0.5 + 0.5 * std::sin(7 * (x + y)))};
}

/// What the lens makes of it: for each of its pixels the ray that lands there, found by steps towards it.
Image photoOf(const PhotoCamera& taken) {
    const Camera& c = taken.camera;
    Image photo(c.width, c.height, 3, ColorSpace::Srgb);
    float* out = photo.edit().data();
    for (int y = 0; y < c.height; ++y)
        for (int x = 0; x < c.width; ++x, out += 3) {
            const double wx = (x + 0.5 - c.cx) / c.fx, wy = (y + 0.5 - c.cy) / c.fy;
            double rx = wx, ry = wy;
            for (int i = 0; i < 60; ++i) {
                const auto [bx, by] = taken.lens.bent(rx, ry);
                rx += 0.9 * (wx - bx);
                ry += 0.9 * (wy - by);
            }
            std::ranges::copy(patternAt(rx, ry), out);
        }
    return photo;
}

/// The largest difference from the pattern where the photo reaches.
double error(const Image& image, const Camera& c, bool mostIsThere) {
    double worst = 0;
    std::size_t there = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) {
            const float* p = image.pixel(x, y);
            if (image.channels() == 4 && p[3] < 1) continue;
            ++there;
            const auto meant = patternAt((x + 0.5 - c.cx) / c.fx, (y + 0.5 - c.cy) / c.fy);
            for (std::size_t k = 0; k < 3; ++k) worst = std::max<double>(worst, std::abs(p[k] - meant[k]));
        }
    if (mostIsThere) {
        EXPECT_GT(there, image.pixelCount() * 7 / 10);
    }
    return worst;
}

PhotoCamera camera(Lens lens) {
    PhotoCamera taken;
    taken.camera.width = 240;
    taken.camera.height = 180;
    taken.camera.fx = 190;
    taken.camera.fy = 195;
    taken.camera.cx = 124;
    taken.camera.cy = 88;
    taken.lens = lens;
    return taken;
}

TEST(Undistort, PhotosOfBentLensesLieOnThePinholesView) {
    const Lens lenses[] = {{.radial = {-0.25, 0.08}, .tangential = {0.004, -0.003}},
                           {.radial = {0.12}},
                           {.fisheye = true, .radial = {0.05, -0.02, 0.01, -0.003}},
                           {.fieldOfView = 0.9}};
    for (const Lens& lens : lenses) {
        const PhotoCamera taken = camera(lens);
        const Image photo = photoOf(taken), straight = undistorted(photo, taken);
        ASSERT_EQ(straight.channels(), 4);
        EXPECT_LT(error(straight, taken.camera, true), 0.02);
        EXPECT_GT(error(photo, taken.camera, true), 0.1) << "which the photo itself does not";
    }
}

TEST(Undistort, SmallerPhotosOfTheSameCameraFitToo) {
    const PhotoCamera taken = camera({.radial = {-0.2}});
    PhotoCamera half = taken;
    half.camera.width /= 2, half.camera.height /= 2;
    half.camera.fx /= 2, half.camera.fy /= 2, half.camera.cx /= 2, half.camera.cy /= 2;
    EXPECT_LT(error(undistorted(photoOf(half), taken), half.camera, true), 0.03);
}

TEST(Undistort, WhereThePhotoDoesNotReachIsClearAndStraightLensesChangeNothing) {
    const PhotoCamera wide = camera({.radial = {0.3}});
    const Image straight = undistorted(photoOf(wide), wide);
    EXPECT_EQ(straight.pixel(0, 0)[3], 0) << "a lens that pulls corners outwards leaves them empty";
    EXPECT_EQ(straight.pixel(120, 90)[3], 1);
    const PhotoCamera plain = camera({});
    EXPECT_EQ(undistorted(photoOf(plain), plain).channels(), 3);
}

} // namespace
} // namespace ochre
