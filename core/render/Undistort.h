// SPDX-License-Identifier: GPL-3.0-or-later
// Photos as their camera would have taken them without a lens that bends lines.
#pragma once

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/scene/cameras/CameraSet.h"

namespace ochre {

/// The photo, of any size, as `camera.camera` sees it: RGBA of the same size, clear where the photo does not reach. Itself where
/// the lens bends nothing.
Image undistorted(const Image& photo, const PhotoCamera& camera, const Cancel& cancel = {});

} // namespace ochre
