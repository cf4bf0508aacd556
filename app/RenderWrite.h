// SPDX-License-Identifier: GPL-3.0-or-later
// The planes of a frame as picture files.
#pragma once

#include <filesystem>

#include "core/render/Renderer.h"

namespace ochre::app {

struct DepthRange {
    float near = 0, far = 0; ///< 0, 0 where nothing is hit
};
DepthRange depthRange(const Image& depth);

/// EXR keeps numbers; in other formats they are shown as the help of --pass says.
void writePlane(const Image& plane, Plane which, const DepthRange& range, const std::filesystem::path& file);

} // namespace ochre::app
