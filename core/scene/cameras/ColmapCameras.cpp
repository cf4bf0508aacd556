// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/cameras/ColmapCameras.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Text.h"
#include "core/scene/SplatTransform.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
using Lenses = std::map<std::uint32_t, PhotoCamera>; // by COLMAP's number of the camera

constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 30;
constexpr std::size_t kPoint = 24; // bytes of a point seen in a picture: x, y, number in 3D

/// In the order of COLMAP's numbers. The first numbers are fx, fy, cx, cy, or f, cx, cy where `focals` is 1; the rest bends lines.
struct Model {
    const char* name;
    std::size_t focals, numbers;
};
constexpr Model kModels[] = {{"SIMPLE_PINHOLE", 1, 3},        {"PINHOLE", 2, 4},       {"SIMPLE_RADIAL", 1, 4},
                             {"RADIAL", 1, 5},                {"OPENCV", 2, 8},        {"OPENCV_FISHEYE", 2, 8},
                             {"FULL_OPENCV", 2, 12},          {"FOV", 2, 5},           {"SIMPLE_RADIAL_FISHEYE", 1, 4},
                             {"RADIAL_FISHEYE", 1, 5},        {"THIN_PRISM_FISHEYE", 2, 12}};
constexpr std::size_t kPinhole = 1;

/// `k`: the numbers behind the pinhole's.
Lens bendOf(const Model& model, std::span<const double> k) {
    const std::string_view name = model.name;
    Lens lens{.fisheye = name.find("FISHEYE") != std::string_view::npos};
    if (name == "FOV") {
        lens.fieldOfView = k[0];
    } else if (name == "OPENCV") {
        lens.radial = {k[0], k[1]};
        lens.tangential = {k[2], k[3]};
    } else if (name == "FULL_OPENCV") {
        lens.radial = {k[0], k[1], k[4]};
        lens.tangential = {k[2], k[3]};
        lens.divisor = {k[5], k[6], k[7]};
    } else if (name == "THIN_PRISM_FISHEYE") {
        lens.radial = {k[0], k[1], k[4], k[5]};
        lens.tangential = {k[2], k[3]};
        lens.prism = {k[6], k[7]};
    } else {
        std::ranges::copy(k, lens.radial.begin());
    }
    return lens;
}

PhotoCamera lensOf(const Model& model, double width, double height, std::span<const double> numbers, const std::string& subject) {
    PhotoCamera lens;
    Camera& c = lens.camera;
    if (!(width >= 1 && width <= 65536 && height >= 1 && height <= 65536))
        throw broken(fmt::format("{}: {}×{}: not a size from 1 to 65536", subject, width, height));
    c.width = static_cast<int>(width);
    c.height = static_cast<int>(height);
    c.fx = numbers[0];
    c.fy = numbers[model.focals - 1];
    c.cx = numbers[model.focals];
    c.cy = numbers[model.focals + 1];
    if (!(c.fx >= 1e-6 && c.fx < 1e9 && c.fy >= 1e-6 && c.fy < 1e9 && std::abs(c.cx) < 1e7 && std::abs(c.cy) < 1e7))
        throw broken(fmt::format("{}: f {}, {}, centre {}, {}: not those of a lens in pixels", subject, c.fx, c.fy, c.cx, c.cy));
    const auto bend = numbers.subspan(model.focals + 2);
    if (std::ranges::any_of(bend, [](double v) { return !(std::abs(v) < 1e6); })) throw broken(subject + ": its distortion is no number");
    lens.lens = bendOf(model, bend);
    return lens;
}

/// `numbers`: qw qx qy qz tx ty tz, from the world to the camera.
PhotoCamera photoOf(const Lenses& lenses, std::uint32_t camera, std::span<const double> numbers, std::string name,
                    const std::string& subject) {
    const auto lens = lenses.find(camera);
    if (lens == lenses.end()) throw broken(fmt::format("{}: camera {} is not among the cameras", subject, camera));
    PhotoCamera photo = lens->second;
    double length = 0;
    for (std::size_t k = 0; k < 4; ++k) length += numbers[k] * numbers[k];
    if (!(length > 1e-12 && length < 1e12)) throw broken(subject + ": its rotation has no length");
    const Mat3 r = matrixOf({numbers[0], numbers[1], numbers[2], numbers[3]});
    for (std::size_t row = 0; row < 3; ++row) {
        if (!(std::abs(numbers[4 + row]) < 1e12)) throw broken(subject + ": its place is no number");
        for (std::size_t k = 0; k < 3; ++k) photo.camera.worldToCamera[4 * row + k] = r[3 * row + k];
        photo.camera.worldToCamera[4 * row + 3] = numbers[4 + row];
    }
    if (!isUtf8(name)) throw broken(subject + ": its name is no UTF-8");
    photo.picture = std::move(name);
    return photo;
}

/// Bytes one after the other; nothing is believed about what is left.
class Bytes {
public:
    Bytes(std::span<const std::byte> bytes, const char* file) : m_bytes(bytes), m_file(file) {}

    template <typename T>
    T take(const std::string& subject) {
        if (m_bytes.size() < sizeof(T)) throw cut(subject);
        const T value = loadAs<T>(m_bytes.data());
        m_bytes = m_bytes.subspan(sizeof(T));
        return value;
    }
    void skip(std::uint64_t entries, std::size_t size, const std::string& subject) {
        if (entries > m_bytes.size() / size) throw cut(subject);
        m_bytes = m_bytes.subspan(static_cast<std::size_t>(entries) * size);
    }
    std::string text(const std::string& subject) {
        const auto end = std::ranges::find(m_bytes, std::byte{0});
        if (end == m_bytes.end()) throw cut(subject);
        const auto length = static_cast<std::size_t>(end - m_bytes.begin());
        std::string text(reinterpret_cast<const char*>(m_bytes.data()), length);
        m_bytes = m_bytes.subspan(length + 1);
        return text;
    }
    /// How many entries the file says it has, of `least` bytes each.
    std::uint64_t count(std::size_t least, std::uint64_t most) {
        const auto n = take<std::uint64_t>(m_file);
        if (n > m_bytes.size() / least) throw broken(fmt::format("{}: {} entries do not fit into {} bytes", m_file, n, m_bytes.size()));
        if (n > most) throw broken(fmt::format("{}: {} entries: {} are the most", m_file, n, most));
        return n;
    }
    void end() const {
        if (!m_bytes.empty()) throw broken(fmt::format("{}: {} bytes after the last entry", m_file, m_bytes.size()));
    }

private:
    Error cut(const std::string& subject) const {
        return broken(subject + ": it is cut off", "the file is cut short, or not COLMAP's");
    }
    std::span<const std::byte> m_bytes;
    const char* m_file;
};

/// The lines of a text that are no comments.
class Lines {
public:
    explicit Lines(std::string_view text) : m_text(text) {}
    bool next() {
        while (!m_text.empty()) {
            const std::size_t end = m_text.find('\n');
            line = m_text.substr(0, end);
            m_text.remove_prefix(end == std::string_view::npos ? m_text.size() : end + 1);
            if (line.ends_with('\r')) line.remove_suffix(1);
            ++number;
            if (!line.starts_with('#')) return true;
        }
        return false;
    }
    /// The next word of the line; empty at its end.
    std::string_view word() {
        const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
        const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
        const std::string_view found = line.substr(begin, end - begin);
        line.remove_prefix(end);
        return found;
    }
    template <typename T>
    T value(const std::string& subject) {
        const std::string_view text = word();
        T found{};
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), found);
        if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
            throw broken(fmt::format("{}: \"{}\" where a number should be", subject, printable(std::string(text))));
        return found;
    }

    std::string_view line;
    std::size_t number = 0;

private:
    std::string_view m_text;
};

Lenses lensesOf(std::string_view text) {
    Lenses lenses;
    Lines lines(text);
    while (lines.next()) {
        const std::string subject = fmt::format("cameras.txt: line {}", lines.number);
        if (lines.line.find_first_not_of(" \t") == std::string_view::npos) continue;
        const auto id = lines.value<std::uint32_t>(subject);
        const std::string_view name = lines.word();
        const auto model = std::ranges::find_if(kModels, [&](const Model& m) { return name == m.name; });
        if (model == std::end(kModels)) throw broken(fmt::format("{}: {}: no model that is known", subject, printable(std::string(name))));
        const auto width = lines.value<double>(subject), height = lines.value<double>(subject);
        std::vector<double> numbers;
        for (std::size_t k = 0; k < model->numbers; ++k) numbers.push_back(lines.value<double>(subject));
        if (lenses.size() >= CameraSet::kMost) throw broken(fmt::format("{}: more than {} cameras", subject, CameraSet::kMost));
        if (!lenses.emplace(id, lensOf(*model, width, height, numbers, subject)).second)
            throw broken(fmt::format("{}: camera {} stands twice", subject, id));
    }
    return lenses;
}

fs::path folderOf(const fs::path& folder, const char* extension) {
    std::error_code ignored;
    for (const char* below : {"", "sparse/0", "sparse"}) {
        const fs::path place = folder / below;
        if (fs::is_regular_file(place / (std::string("cameras") + extension), ignored) &&
            fs::is_regular_file(place / (std::string("images") + extension), ignored))
            return place;
    }
    return {};
}

/// "images" beside the files, or beside a "sparse" that they lie in.
fs::path picturesOf(const fs::path& place) {
    std::error_code ignored;
    const fs::path whole = fs::absolute(place, ignored).lexically_normal();
    fs::path from = whole.filename().empty() ? whole.parent_path() : whole;
    for (int up = 0; up < 3; ++up, from = from.parent_path())
        if (fs::is_directory(from / "images", ignored)) return from / "images";
    return whole / "images";
}

/// The lenses of a set, each once, and which of them each picture has.
struct Shared {
    std::vector<Camera> lenses;
    std::vector<std::size_t> of;
};

Shared sharedLenses(const CameraSet& set) {
    Shared shared;
    std::map<std::array<double, 6>, std::size_t> known;
    for (const PhotoCamera& photo : set.cameras) {
        const Camera& c = photo.camera;
        if (c.orthographic) throw Error("COLMAP: it knows no camera without perspective", "turn perspective on");
        const std::array<double, 6> lens{double(c.width), double(c.height), c.fx, c.fy, c.cx, c.cy};
        const auto [place, added] = known.emplace(lens, shared.lenses.size());
        if (added) shared.lenses.push_back(c);
        shared.of.push_back(place->second);
    }
    return shared;
}

/// From the world to the camera.
Quaternion colmapRotation(const Camera& camera) {
    const auto [w, x, y, z] = quaternionOf(camera.worldToCamera);
    return {w, -x, -y, -z};
}

template <typename T>
void put(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

} // namespace

CameraSet parseColmapBin(std::span<const std::byte> cameras, std::span<const std::byte> images) {
    Lenses lenses;
    Bytes from(cameras, "cameras.bin");
    const std::uint64_t lensCount = from.count(4 + 4 + 8 + 8 + 3 * 8, CameraSet::kMost);
    for (std::uint64_t i = 0; i < lensCount; ++i) {
        const std::string subject = fmt::format("cameras.bin: camera {}", i + 1);
        const auto id = from.take<std::uint32_t>(subject);
        const auto model = from.take<std::int32_t>(subject);
        if (model < 0 || static_cast<std::size_t>(model) >= std::size(kModels))
            throw broken(fmt::format("{}: model {}: 0 to {} are known", subject, model, std::size(kModels) - 1));
        const Model& m = kModels[model];
        const auto width = static_cast<double>(from.take<std::uint64_t>(subject)),
                   height = static_cast<double>(from.take<std::uint64_t>(subject));
        std::vector<double> numbers;
        for (std::size_t k = 0; k < m.numbers; ++k) numbers.push_back(from.take<double>(subject));
        if (!lenses.emplace(id, lensOf(m, width, height, numbers, subject)).second)
            throw broken(fmt::format("{}: its number {} stands twice", subject, id));
    }
    from.end();
    CameraSet set;
    Bytes photos(images, "images.bin");
    const std::uint64_t count = photos.count(4 + 7 * 8 + 4 + 1 + 8, CameraSet::kMost);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string subject = fmt::format("images.bin: image {}", i + 1);
        photos.take<std::uint32_t>(subject); // its number
        std::array<double, 7> numbers{};
        for (double& v : numbers) v = photos.take<double>(subject);
        const auto camera = photos.take<std::uint32_t>(subject);
        std::string name = photos.text(subject);
        photos.skip(photos.take<std::uint64_t>(subject), kPoint, subject);
        set.cameras.push_back(photoOf(lenses, camera, numbers, std::move(name), subject));
    }
    photos.end();
    return set;
}

CameraSet parseColmapText(std::string_view cameras, std::string_view images) {
    const Lenses lenses = lensesOf(cameras);
    CameraSet set;
    Lines lines(images);
    while (lines.next()) {
        const std::string subject = fmt::format("images.txt: line {}", lines.number);
        if (lines.line.find_first_not_of(" \t") == std::string_view::npos) continue;
        lines.value<std::uint32_t>(subject); // its number
        std::array<double, 7> numbers{};
        for (double& v : numbers) v = lines.value<double>(subject);
        const auto camera = lines.value<std::uint32_t>(subject);
        const std::size_t begin = lines.line.find_first_not_of(" \t");
        std::string name(begin == std::string_view::npos ? std::string_view() : lines.line.substr(begin)); // it may hold spaces
        if (set.cameras.size() >= CameraSet::kMost) throw broken(fmt::format("{}: more than {} images", subject, CameraSet::kMost));
        set.cameras.push_back(photoOf(lenses, camera, numbers, std::move(name), subject));
        lines.next(); // the points that it sees, which may be an empty line
    }
    return set;
}

bool hasColmapCameras(const fs::path& folder) {
    return !folderOf(folder, ".bin").empty() || !folderOf(folder, ".txt").empty();
}

CameraSet readColmapCameras(const fs::path& folder) {
    CameraSet set;
    fs::path place = folderOf(folder, ".bin");
    if (!place.empty()) {
        set = parseColmapBin(readFile(place / "cameras.bin", kMostBytes), readFile(place / "images.bin", kMostBytes));
    } else if (place = folderOf(folder, ".txt"); !place.empty()) {
        set = parseColmapText(readTextFile(place / "cameras.txt", kMostBytes), readTextFile(place / "images.txt", kMostBytes));
    } else {
        throw Error(folder.string() + ": no cameras of COLMAP",
                    "it holds cameras.bin and images.bin or cameras.txt and images.txt, itself or in sparse/0", ErrorKind::NotMine);
    }
    set.folder = picturesOf(place);
    return set;
}

ColmapFiles colmapBin(const CameraSet& set) {
    const Shared shared = sharedLenses(set);
    ColmapFiles files;
    put(files.cameras, std::uint64_t{shared.lenses.size()});
    for (std::size_t i = 0; i < shared.lenses.size(); ++i) {
        const Camera& c = shared.lenses[i];
        put(files.cameras, static_cast<std::uint32_t>(i + 1));
        put(files.cameras, static_cast<std::int32_t>(kPinhole));
        put(files.cameras, static_cast<std::uint64_t>(c.width));
        put(files.cameras, static_cast<std::uint64_t>(c.height));
        for (const double v : {c.fx, c.fy, c.cx, c.cy}) put(files.cameras, v);
    }
    put(files.images, std::uint64_t{set.cameras.size()});
    for (std::size_t i = 0; i < set.cameras.size(); ++i) {
        const Camera& c = set.cameras[i].camera;
        put(files.images, static_cast<std::uint32_t>(i + 1));
        for (const double v : colmapRotation(c)) put(files.images, v);
        for (const std::size_t at : {3u, 7u, 11u}) put(files.images, c.worldToCamera[at]);
        put(files.images, static_cast<std::uint32_t>(shared.of[i] + 1));
        files.images += set.cameras[i].picture;
        files.images += '\0';
        put(files.images, std::uint64_t{0});
    }
    put(files.points, std::uint64_t{0});
    return files;
}

ColmapFiles colmapText(const CameraSet& set) {
    const Shared shared = sharedLenses(set);
    ColmapFiles files;
    files.cameras = "# Camera list with one line of data per camera:\n#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n";
    for (std::size_t i = 0; i < shared.lenses.size(); ++i) {
        const Camera& c = shared.lenses[i];
        files.cameras += fmt::format("{} {} {} {} {} {} {} {}\n", i + 1, kModels[kPinhole].name, c.width, c.height, c.fx, c.fy, c.cx, c.cy);
    }
    files.images = "# Image list with two lines of data per image:\n"
                   "#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n#   POINTS2D[] as (X, Y, POINT3D_ID)\n";
    for (std::size_t i = 0; i < set.cameras.size(); ++i) {
        const Camera& c = set.cameras[i].camera;
        const Quaternion q = colmapRotation(c);
        files.images += fmt::format("{} {} {} {} {} {} {} {} {} {}\n\n", i + 1, q[0], q[1], q[2], q[3], c.worldToCamera[3],
                                    c.worldToCamera[7], c.worldToCamera[11], shared.of[i] + 1, set.cameras[i].picture);
    }
    files.points = "# 3D point list with one line of data per point:\n#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n";
    return files;
}

} // namespace ochre
