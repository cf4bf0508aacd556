// SPDX-License-Identifier: GPL-3.0-or-later
// The cameras that photos of a scene were taken with, and the files that hold them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scene/cameras/CameraPath.h"
#include "core/scene/cameras/Lens.h"

namespace ochre {

struct PhotoCamera {
    Camera camera;
    std::string picture;    ///< as the file names it; "" for none
    Lens lens = {};         ///< bends lines, which `camera` does not
};

struct CameraSet {
    std::vector<PhotoCamera> cameras;
    std::filesystem::path folder; ///< where the pictures' names start from

    static constexpr std::size_t kMost = 200000;
    /// The file of a picture where it is there: as named, or with the extension that NeRF-synthetic leaves out. Empty: it is not.
    std::filesystem::path pictureOf(std::size_t index) const;
    std::size_t distorted() const; ///< how many have lenses that bend lines
};

/// transforms.json of instant-ngp, nerfstudio and NeRF-synthetic: camera to world in OpenGL axes, which become OpenCV's; the
/// world stays as it is. Sizes and intrinsics of a frame go before those of the file; without a size it is 800×800, as
/// NeRF-synthetic has it. Pictures need not be there. Throws Error (Broken) with `subject` and the frame.
CameraSet transformsFromJson(const Json& json, std::string_view subject);
Json transformsToJson(const CameraSet& set);

/// What a path of that kind holds: one camera and transforms.json become a set, a path its frames at this size.
struct CameraSource {
    CameraSet set;
    std::optional<CameraPath> path; ///< where the file is one; `set` is then empty
};
/// A camera path, a camera, transforms.json, or a folder of COLMAP's (also its cameras or images file). Throws Error with what
/// can be read where it is none.
CameraSource readCameras(const std::filesystem::path& file);

/// transforms.json where `file` ends with .json, else COLMAP's files into the folder of that name: binary, or text where it
/// ends with .txt (cameras.txt, images.txt and points3D.txt beside each other).
void writeCameras(const CameraSet& set, const std::filesystem::path& file);

/// Each camera a key, in the set's order, `seconds` apart.
CameraPath pathThrough(const CameraSet& set, double seconds, double focus = 0);
/// The frames of a path, named frame_0001.png and so on.
CameraSet framesOf(const CameraPath& path, int width, int height, double nearest = 0.2);

} // namespace ochre
