// SPDX-License-Identifier: GPL-3.0-or-later
// What of a scene a picture holds: what a camera sees, that for both eyes, or all around.
#pragma once

#include "core/render/Backdrop.h"

namespace ochre {

/// SideBySide: the left eye's picture left, twice as wide as the camera's. Panorama: equirectangular, as wide as the camera's and half
/// as high.
enum class Projection { Camera, SideBySide, Panorama };

/// As renderBefore. `focus` is that of the scene; `eyeDistance` in its units, 0: a thirtieth of how far its middle is away. Throws Error
/// on panoramas of odd widths and without perspective.
Image renderProjected(Projection projection, const std::optional<Backdrop>& backdrop, Renderer& renderer, const Camera& camera,
                      const SplatOptions& options, const Focus& focus, double eyeDistance = 0, const Cancel& cancel = {});

/// The cameras of the left and the right eye.
std::array<Camera, 2> eyesOf(const Camera& camera, const Focus& focus, double eyeDistance = 0);

/// Along z, where the middle of interest of a camera's picture is: what lies behind it or at its place can be none.
double middleDistance(const Camera& camera, const Focus& focus);

} // namespace ochre
