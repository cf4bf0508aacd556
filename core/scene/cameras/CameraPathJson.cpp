// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/scene/cameras/CameraPath.h"

namespace ochre {
namespace {

constexpr const char* kFormat = "ochre camera path";
constexpr int kVersion = 1;
constexpr std::uint64_t kMostBytes = std::uint64_t{16} << 20;
constexpr double kFarthest = 1e12; // of a position, units of the scene

double numberIn(const Json& value, double min, double max, const std::string& subject) {
    if (!value.is_number()) throw broken(subject + ": not a number");
    const double number = value.get<double>();
    if (!(number >= min && number <= max))
        throw broken(fmt::format("{}: {}: not from {:.10g} to {:.10g}", subject, number, min, max));
    return number;
}

double numberAt(const Json& json, const char* key, double min, double max, double usual, const std::string& subject) {
    const auto found = json.find(key);
    return found == json.end() ? usual : numberIn(*found, min, max, fmt::format("{}: {}", subject, key));
}

template <std::size_t N>
std::array<double, N> numbersAt(const Json& json, const char* key, double most, const std::string& subject) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_array() || found->size() != N)
        throw broken(fmt::format("{}: {}: not a list of {} numbers", subject, key, N));
    std::array<double, N> numbers{};
    for (std::size_t k = 0; k < N; ++k) numbers[k] = numberIn((*found)[k], -most, most, fmt::format("{}: {}", subject, key));
    return numbers;
}

Easing easingIn(const Json& json, const std::string& subject) {
    const auto found = json.find("easing");
    if (found == json.end()) return Easing::Linear;
    if (found->is_string())
        for (const Easing easing : kEasings)
            if (found->get_ref<const std::string&>() == name(easing)) return easing;
    throw broken(subject + ": easing: unknown", "one of linear, ease-in, ease-out, ease, hold");
}

CameraKey keyIn(const Json& json, const std::string& subject) {
    if (!json.is_object()) throw broken(subject + ": no JSON object");
    CameraKey key;
    if (!json.contains("time")) throw broken(subject + ": time: a number is missing");
    key.time = numberAt(json, "time", 0, CameraPath::kLongest, 0, subject);
    key.position = numbersAt<3>(json, "position", kFarthest, subject);
    key.rotation = numbersAt<4>(json, "rotation", 1e6, subject);
    double length = 0;
    for (const double v : key.rotation) length += v * v;
    if (!(length > 1e-12)) throw broken(subject + ": rotation: its length is 0", "w, x, y, z; 1, 0, 0, 0 looks along z");
    for (double& v : key.rotation)
        if (std::abs(length - 1) > 1e-9) v /= std::sqrt(length);
    key.fov = numberAt(json, "fov", 1, 170, 45, subject);
    key.focus = numberAt(json, "focus", 0, kFarthest, 0, subject);
    key.easing = easingIn(json, subject);
    return key;
}

} // namespace

CameraPath cameraPathFromJson(const Json& json, std::string_view subject) {
    const std::string name(subject);
    const auto keys = json.is_object() ? json.find("keys") : json.end();
    if (!json.is_object() || keys == json.end() || !keys->is_array())
        throw broken(name + ": no camera path: it has no list of keys", R"({"duration": 5, "fps": 30, "keys": [{"time": 0, …}]})");
    const double version = numberAt(json, "version", 0, 1e9, kVersion, name);
    if (version > kVersion)
        throw broken(fmt::format("{}: version {}: only up to {} is known", name, version, kVersion), "update Ochre");
    if (keys->size() > CameraPath::kMostKeys)
        throw broken(fmt::format("{}: {} keys: {} are the most", name, keys->size(), CameraPath::kMostKeys));
    CameraPath path;
    path.duration = numberAt(json, "duration", 1e-3, CameraPath::kLongest, path.duration, name);
    path.fps = numberAt(json, "fps", 0.1, CameraPath::kMostFps, path.fps, name);
    if (const auto loop = json.find("loop"); loop != json.end()) {
        if (!loop->is_boolean()) throw broken(name + ": loop: neither true nor false");
        path.loop = loop->get<bool>();
    }
    for (std::size_t i = 0; i < keys->size(); ++i) path.keys.push_back(keyIn((*keys)[i], fmt::format("{}: key {}", name, i + 1)));
    std::ranges::stable_sort(path.keys, {}, &CameraKey::time);
    for (std::size_t i = 1; i < path.keys.size(); ++i)
        if (!(path.keys[i].time - path.keys[i - 1].time > 1e-6))
            throw broken(fmt::format("{}: two keys at {} s", name, path.keys[i].time), "give each its own time");
    return path;
}

Json cameraPathToJson(const CameraPath& path) {
    Json json{{"format", kFormat}, {"version", kVersion}, {"duration", path.duration}, {"fps", path.fps}, {"loop", path.loop}};
    Json& keys = json["keys"] = Json::array();
    for (const CameraKey& key : path.keys) {
        Json entry{{"time", key.time}, {"position", key.position}, {"rotation", key.rotation}, {"fov", key.fov}};
        if (key.focus > 0) entry["focus"] = key.focus;
        if (key.easing != Easing::Linear) entry["easing"] = name(key.easing);
        keys.push_back(std::move(entry));
    }
    return json;
}

CameraPath readCameraPath(const std::filesystem::path& file) {
    const std::string subject = file.filename().string();
    return cameraPathFromJson(parseJson(readTextFile(file, kMostBytes), subject), subject);
}

void writeCameraPath(const CameraPath& path, const std::filesystem::path& file) {
    writeFileAtomic(file, dumpJson(cameraPathToJson(path), 1) + "\n");
}

} // namespace ochre
