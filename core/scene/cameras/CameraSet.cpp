// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/cameras/CameraSet.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/scene/cameras/ColmapCameras.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
constexpr const char* kKnown = "a camera path, a camera, transforms.json, or a folder with COLMAP's cameras and images";

void note(const CameraSet& set, const std::string& subject) {
    if (const std::size_t bent = set.distorted(); bent > 0)
        log::info("{}: {} lenses bend lines; splats are drawn straight, photos are straightened where they are shown", subject, bent);
}

} // namespace

fs::path CameraSet::pictureOf(std::size_t index) const {
    const std::string& name = cameras.at(index).picture;
    if (name.empty()) return {};
    std::error_code ignored;
    for (const char* extension : {"", ".png", ".jpg"})
        if (const fs::path file = folder / (name + extension); fs::is_regular_file(file, ignored)) return file;
    return {};
}

std::size_t CameraSet::distorted() const {
    return static_cast<std::size_t>(std::ranges::count_if(cameras, [](const PhotoCamera& c) { return c.lens.bends(); }));
}

CameraSource readCameras(const fs::path& file) {
    const std::string subject = file.filename().empty() ? file.string() : file.filename().string();
    std::error_code ignored;
    CameraSource source;
    if (fs::is_directory(file, ignored)) {
        if (!hasColmapCameras(file) && fs::is_regular_file(file / "transforms.json", ignored)) return readCameras(file / "transforms.json");
        source.set = readColmapCameras(file);
        note(source.set, subject);
        return source;
    }
    if (const fs::path extension = file.extension(); extension == ".bin" || extension == ".txt")
        return readCameras(file.has_parent_path() ? file.parent_path() : fs::path("."));
    const Json json = parseJson(readTextFile(file, kMostBytes), subject);
    if (json.is_object() && json.contains("keys")) {
        source.path = cameraPathFromJson(json, subject);
    } else if (json.is_object() && json.contains("frames")) {
        source.set = transformsFromJson(json, subject);
        source.set.folder = file.parent_path();
        note(source.set, subject);
    } else if (json.is_object() && json.contains("world_to_camera")) {
        source.set.cameras.push_back({cameraFromJson(json, subject), {}, {}});
    } else {
        throw Error(subject + ": no cameras: it has neither keys nor frames nor world_to_camera", kKnown, ErrorKind::NotMine);
    }
    return source;
}

void writeCameras(const CameraSet& set, const fs::path& file) {
    if (file.extension() == ".json") return writeFileAtomic(file, dumpJson(transformsToJson(set), 1) + "\n");
    const bool text = file.extension() == ".txt";
    const fs::path folder = text ? file.parent_path() : file;
    if (!folder.empty()) fs::create_directories(folder);
    const ColmapFiles files = text ? colmapText(set) : colmapBin(set);
    const char* extension = text ? ".txt" : ".bin";
    writeFileAtomic(folder / (std::string("cameras") + extension), files.cameras);
    writeFileAtomic(folder / (std::string("images") + extension), files.images);
    writeFileAtomic(folder / (std::string("points3D") + extension), files.points);
}

CameraPath pathThrough(const CameraSet& set, double seconds, double focus) {
    CameraPath path;
    const std::size_t count = std::min(set.cameras.size(), CameraPath::kMostKeys);
    for (std::size_t i = 0; i < count; ++i) {
        path.keys.push_back(keyOf(set.cameras[i].camera, focus));
        path.keys.back().time = seconds * static_cast<double>(i);
    }
    path.duration = std::clamp(seconds * static_cast<double>(std::max<std::size_t>(count, 1)), 1e-3, CameraPath::kLongest);
    return path;
}

CameraSet framesOf(const CameraPath& path, int width, int height, double nearest) {
    CameraSet set;
    for (std::size_t i = 0; i < path.frames(); ++i)
        set.cameras.push_back({path.at(path.timeOf(i)).camera(width, height, nearest), fmt::format("frame_{:04}.png", i + 1), {}});
    return set;
}

} // namespace ochre
