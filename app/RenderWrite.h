// SPDX-License-Identifier: GPL-3.0-or-later
// The planes of a frame as picture files.
#pragma once

#include <filesystem>

#include "core/render/Renderer.h"

namespace ochre::app {

/// "out.png" for one picture, "out-0001.png" and so on for several.
std::filesystem::path frameFile(const std::filesystem::path& output, std::size_t index, std::size_t count);

struct DepthRange {
    float near = 0, far = 0; ///< 0, 0 where nothing is hit
};
DepthRange depthRange(const Image& depth);

/// EXR keeps the renderer's premultiplied numbers as they are; other formats want straight alpha.
void writeColor(Image image, const std::filesystem::path& file, bool opaque);
/// EXR keeps numbers; in other formats they are shown as the help of --pass says.
void writePlane(const Image& plane, Plane which, const DepthRange& range, const std::filesystem::path& file);

} // namespace ochre::app
