// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Text.h"
#include "core/scene/Directions.h"
#include "core/scene/cameras/CameraSet.h"

namespace ochre {
namespace {

constexpr int kSyntheticSide = 800;
constexpr double kMostSide = 65536, kLeastFocal = 1e-6, kMostFocal = 1e9, kMostCenter = 1e7;
constexpr double kMostBend = 1e6;

/// A frame, and what the file says for all of them.
class Frame {
public:
    Frame(const Json& all, const Json& frame, std::string subject) : m_all(all), m_frame(frame), m_subject(std::move(subject)) {}

    PhotoCamera read() const {
        if (!m_frame.is_object()) throw broken(m_subject + ": no JSON object");
        PhotoCamera photo;
        if (const auto name = m_frame.find("file_path"); name != m_frame.end()) {
            if (!name->is_string()) throw broken(m_subject + ": file_path: not a text");
            photo.picture = name->get<std::string>();
        }
        Camera& c = photo.camera;
        c.width = static_cast<int>(number("w", 1, kMostSide).value_or(kSyntheticSide));
        c.height = static_cast<int>(number("h", 1, kMostSide).value_or(kSyntheticSide));
        const auto focal = [&](const char* key, const char* angleKey, int side) -> std::optional<double> {
            if (const auto length = number(key, kLeastFocal, kMostFocal)) return length;
            if (const auto angle = number(angleKey, 1e-6, std::numbers::pi - 1e-6)) return side / 2.0 / std::tan(*angle / 2);
            return std::nullopt;
        };
        const auto fx = focal("fl_x", "camera_angle_x", c.width), fy = focal("fl_y", "camera_angle_y", c.height);
        if (!fx && !fy)
            throw broken(m_subject + ": no focal length", "camera_angle_x in radians or fl_x in pixels, for the file or for each frame");
        c.fx = fx.value_or(fy.value_or(0));
        c.fy = fy.value_or(c.fx);
        if (!(std::min(c.fx, c.fy) >= kLeastFocal && std::max(c.fx, c.fy) <= kMostFocal))
            throw broken(fmt::format("{}: f {}, {}: not focal lengths in pixels", m_subject, c.fx, c.fy));
        c.cx = number("cx", -kMostCenter, kMostCenter).value_or(c.width / 2.0);
        c.cy = number("cy", -kMostCenter, kMostCenter).value_or(c.height / 2.0);
        photo.lens = lens();
        c.worldToCamera = worldToCamera();
        return photo;
    }

private:
    const Json* find(const char* key) const {
        for (const Json* place : {&m_frame, &m_all})
            if (const auto found = place->find(key); found != place->end() && !found->is_null()) return &*found;
        return nullptr;
    }

    std::optional<double> number(const char* key, double min, double max) const {
        const Json* value = find(key);
        if (!value) return std::nullopt;
        const double v = value->is_number() ? value->get<double>() : NAN;
        if (!(v >= min && v <= max)) throw broken(fmt::format("{}: {}: not a number from {:.10g} to {:.10g}", m_subject, key, min, max));
        return v;
    }

    /// k1 … k4 in r², r⁴, …: nerfstudio's order of both its models.
    Lens lens() const {
        Lens lens;
        const Json *fisheye = find("is_fisheye"), *model = find("camera_model");
        lens.fisheye = (fisheye && fisheye->is_boolean() && fisheye->get<bool>()) || (model && *model == "OPENCV_FISHEYE");
        const auto bend = [&](const char* key) { return number(key, -kMostBend, kMostBend).value_or(0); };
        lens.radial = {bend("k1"), bend("k2"), bend("k3"), bend("k4")};
        if (!lens.fisheye) lens.tangential = {bend("p1"), bend("p2")};
        return lens;
    }

    std::array<double, 16> worldToCamera() const {
        const auto rows = m_frame.find("transform_matrix");
        const auto bad = [&](const std::string& why) { return broken(fmt::format("{}: transform_matrix: {}", m_subject, why)); };
        if (rows == m_frame.end() || !rows->is_array() || rows->size() < 3 || rows->size() > 4) throw bad("not three or four rows");
        std::array<Vec3, 3> axes; // x right, y down, z forward, in the world
        Vec3 eye{};
        for (std::size_t r = 0; r < 3; ++r) {
            const Json& row = (*rows)[r];
            if (!row.is_array() || row.size() != 4) throw bad("a row without four numbers");
            for (std::size_t k = 0; k < 4; ++k) {
                const double v = row[k].is_number() ? row[k].get<double>() : NAN;
                if (!(std::abs(v) < 1e12)) throw bad("not numbers");
                if (k == 3) eye[r] = v;
                else axes[k][r] = k == 0 ? v : -v;
            }
        }
        for (std::size_t a = 0; a < 3; ++a)
            for (std::size_t b = a; b < 3; ++b)
                if (std::abs(dot(axes[a], axes[b]) - (a == b)) > 1e-3) throw bad("its left 3×3 part is not a rotation");
        if (dot(cross(axes[0], axes[1]), axes[2]) < 0) throw bad("mirrors the scene");
        std::array<double, 16> m{};
        m[15] = 1;
        for (std::size_t r = 0; r < 3; ++r) {
            std::ranges::copy(axes[r], m.begin() + static_cast<std::ptrdiff_t>(4 * r));
            m[4 * r + 3] = -dot(axes[r], eye);
        }
        return m;
    }

    const Json &m_all, &m_frame;
    std::string m_subject;
};

void putIntrinsics(Json& json, const Camera& c) {
    const auto angle = [](int side, double focal) { return 2 * std::atan(side / 2.0 / focal); };
    json.update(Json{{"camera_angle_x", angle(c.width, c.fx)}, {"camera_angle_y", angle(c.height, c.fy)}, {"fl_x", c.fx},
                     {"fl_y", c.fy}, {"cx", c.cx}, {"cy", c.cy}, {"w", c.width}, {"h", c.height}});
}

bool sameLens(const Camera& a, const Camera& b) {
    return a.width == b.width && a.height == b.height && a.fx == b.fx && a.fy == b.fy && a.cx == b.cx && a.cy == b.cy;
}

} // namespace

CameraSet transformsFromJson(const Json& json, std::string_view subject) {
    const auto frames = json.is_object() ? json.find("frames") : json.end();
    if (!json.is_object() || frames == json.end() || !frames->is_array())
        throw broken(fmt::format("{}: no transforms.json: it has no list of frames", subject));
    if (frames->size() > CameraSet::kMost)
        throw broken(fmt::format("{}: {} frames: {} are the most", subject, frames->size(), CameraSet::kMost));
    CameraSet set;
    set.cameras.reserve(frames->size());
    for (std::size_t i = 0; i < frames->size(); ++i) {
        const Json& frame = (*frames)[i];
        set.cameras.push_back(Frame(json, frame, fmt::format("{}: frame {}", subject, i + 1)).read());
    }
    return set;
}

Json transformsToJson(const CameraSet& set) {
    const auto& cameras = set.cameras;
    const bool shared = std::ranges::all_of(cameras, [&](const PhotoCamera& p) { return sameLens(p.camera, cameras.front().camera); });
    Json json{{"camera_model", "OPENCV"}};
    if (shared && !cameras.empty()) putIntrinsics(json, cameras.front().camera);
    Json& frames = json["frames"] = Json::array();
    for (const PhotoCamera& photo : cameras) {
        const Camera& c = photo.camera;
        if (c.orthographic) throw Error("transforms.json: it holds no camera without perspective", "turn perspective on");
        Json frame{{"file_path", printable(photo.picture)}};
        if (!shared) putIntrinsics(frame, c);
        const Vec3 eye = c.position();
        Json& rows = frame["transform_matrix"] = Json::array();
        for (std::size_t r = 0; r < 3; ++r)
            rows.push_back({c.worldToCamera[r], -c.worldToCamera[4 + r], -c.worldToCamera[8 + r], eye[r]});
        rows.push_back({0, 0, 0, 1});
        frames.push_back(std::move(frame));
    }
    return json;
}

} // namespace ochre
