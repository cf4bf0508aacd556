// SPDX-License-Identifier: GPL-3.0-or-later
// The mathematics of splatting (Kerbl et al. 2023, EWA splatting), in double precision: the reference of both renderers.
#pragma once

#include <array>

#include "core/scene/Camera.h"
#include "core/scene/SplatCloud.h"

namespace ochre::splat {

inline constexpr double kAlphaCap = 0.99;       ///< a splat never hides all
inline constexpr double kAlphaCut = 1.0 / 255;  ///< fainter contributions are skipped
inline constexpr double kStop = 1e-4;           ///< transmittance at which a pixel is full
inline constexpr double kDilation = 0.3;        ///< px², added to the projected covariance
inline constexpr double kGuard = 0.3;           ///< how far beyond the edge (in half-widths) Jacobians are taken exactly

/// Symmetric 3×3: xx xy xz yy yz zz.
using Covariance = std::array<double, 6>;

/// R diag(exp(2·logScale)) Rᵀ of one splat.
Covariance covariance(const SplatData& data, std::size_t index);

struct Projected {
    double x, y, depth;             ///< pixel of the centre, z in the camera
    double conicA, conicB, conicC;  ///< inverse 2D covariance: xx, xy, yy
    double extentX, extentY;        ///< half-size in pixels of the box where alpha can reach the cut
    double opacity;
    std::array<double, 3> color;
};

/// False when the splat is not drawn: nearer than `near`, too faint, or degenerate. Being off-screen is not tested.
bool project(const SplatData& data, std::size_t index, const Camera& camera, const Vec3& cameraPosition, int shDegree,
             bool antialiased, Projected& out);

/// 0.5 + Σ Y·sh, not below 0, for a unit direction from the camera to the splat.
std::array<double, 3> shColor(const SplatData& data, std::size_t index, int degree, const Vec3& direction);

} // namespace ochre::splat
