// SPDX-License-Identifier: GPL-3.0-or-later
// A picture of all directions at once.
#pragma once

#include "core/render/Backdrop.h"

namespace ochre {

/// Equirectangular, `width` by half of it, numbers as of renderSplats. The middle of the picture is where the camera looks, its upper
/// edge is above the camera; of the camera only place, direction and limits count. Six faces of a cube are drawn, each a little
/// larger than it need be, and fade into each other. Throws Error unless the width is even and from 2 to 16384, and on an
/// orthographic camera. Files of it say that it goes all around. The background of the options does not count.
Image renderPanorama(Renderer& renderer, const Camera& camera, const SplatOptions& options, int width, const Cancel& cancel = {},
                     const std::optional<Backdrop>& backdrop = {});

/// Left eye left, right eye right, for headsets and screens that take half a width each.
Image sideBySide(const Image& left, const Image& right);

} // namespace ochre
