// SPDX-License-Identifier: GPL-3.0-or-later
// COLMAP's cameras and images, binary (.bin) and text (.txt), as its documentation "Output Format" tells them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/scene/cameras/CameraSet.h"

namespace ochre {

/// Both files' bytes. Lenses with distortion are pinholes with a Lens. Points seen in the pictures are passed over. Throws
/// Error (Broken) with the file, the entry and what is wrong: unknown models, cameras that are not there, cut off files.
CameraSet parseColmapBin(std::span<const std::byte> cameras, std::span<const std::byte> images);
CameraSet parseColmapText(std::string_view cameras, std::string_view images);

/// In a folder, or in sparse/0 or sparse below it; pictures are looked for in "images" beside it or beside "sparse".
/// Binary files go before text ones.
CameraSet readColmapCameras(const std::filesystem::path& folder);
bool hasColmapCameras(const std::filesystem::path& folder);

/// Cameras as PINHOLE, each only once, pictures without points, and no 3D points. Orthographic ones throw Error.
struct ColmapFiles {
    std::string cameras, images, points;
};
ColmapFiles colmapBin(const CameraSet& set);
ColmapFiles colmapText(const CameraSet& set);

} // namespace ochre
