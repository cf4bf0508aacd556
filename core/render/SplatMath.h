// SPDX-License-Identifier: GPL-3.0-or-later
// The mathematics of splatting (Kerbl et al. 2023, EWA splatting), in double precision: the reference of both renderers.
#pragma once

#include <array>

#include "core/render/ItemView.h"

namespace ochre::splat {

inline constexpr double kAlphaCap = 0.99;       ///< a splat never hides all
inline constexpr double kAlphaCut = 1.0 / 255;  ///< fainter contributions are skipped
inline constexpr double kStop = 1e-4;           ///< transmittance at which a pixel is full
inline constexpr double kDilation = 0.3;        ///< px², added to the projected covariance
inline constexpr double kRing = 2;              ///< standard deviations at which SplatMode::Rings draws
inline constexpr double kManyLayers = 1000;     ///< splats in a pixel that SplatMode::Overdraw shows red
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
    double radius;                  ///< pixels, of SplatMode::Centres
    std::array<double, 3> color;
    Vec3 normal;                    ///< in the world, turned to the camera
    std::uint32_t splat;            ///< of the scene
};

/// Fills all but `splat`. False when the splat is not drawn: nearer than `near`, beyond `far`, outside the box, marked
/// as hidden, too faint, or degenerate. Being off-screen is not tested.
bool project(const SplatData& data, std::size_t index, const ItemView& view, Projected& out);

/// What a splat that is `dx`, `dy` pixels away hides in the mode that it was projected for, from 0 to kAlphaCap.
double coverage(const Projected& splat, double dx, double dy, SplatMode mode);

/// Blue for 0 over cyan, green and yellow to red for 1.
std::array<double, 3> heat(double share);
/// The colour of SplatMode::Overdraw.
std::array<double, 3> layersColor(double layers);

/// The direction of a splat's shortest axis (of equal ones the first), turned against `sight`, which goes from the camera to it.
/// In the item's frame.
Vec3 normal(const SplatData& data, std::size_t index, const Vec3& sight);
/// The same in the world.
Vec3 worldNormal(const SplatData& data, std::size_t index, const ItemView& view);

/// 0.5 + Σ Y·sh, mapped by `map` where there is one, not below 0, for a unit direction from the camera to the splat.
std::array<double, 3> shColor(const SplatData& data, std::size_t index, int degree, const Vec3& direction, const Affine* map = nullptr);

} // namespace ochre::splat
