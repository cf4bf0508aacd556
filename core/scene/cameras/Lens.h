// SPDX-License-Identifier: GPL-3.0-or-later
// How a lens bends what a pinhole would show: the models of COLMAP (its src/colmap/sensor/models.h) and OpenCV in one formula.
#pragma once

#include <array>

namespace ochre {

/// A ray through (x, y, 1) in the camera goes to the picture's (fx·x' + cx, fy·y' + cy). With a fisheye, r becomes the angle from
/// the axis first. Then, with r² = x² + y²:
///   x' = x·(1 + Σ radial[i]·r^(2i+2)) / (1 + Σ divisor[i]·r^(2i+2)) + 2·tangential[0]·xy + tangential[1]·(r² + 2x²) + prism[0]·r²
///   y' = y·(…)                                                      + 2·tangential[1]·xy + tangential[0]·(r² + 2y²) + prism[1]·r²
/// A field-of-view lens (Devernay and Faugeras 2001) is of its angle alone.
struct Lens {
    bool fisheye = false;
    double fieldOfView = 0; ///< ω in radians; 0: not one of that kind
    std::array<double, 4> radial{};     ///< k1, k2, and k3, k4 (of FULL_OPENCV k3)
    std::array<double, 3> divisor{};    ///< FULL_OPENCV's k4, k5, k6
    std::array<double, 2> tangential{}; ///< p1, p2
    std::array<double, 2> prism{};      ///< sx1, sy1

    bool operator==(const Lens&) const = default;
    bool bends() const { return *this != Lens{}; }
    std::array<double, 2> bent(double x, double y) const;
};

} // namespace ochre
