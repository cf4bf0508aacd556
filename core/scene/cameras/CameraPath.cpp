// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/cameras/CameraPath.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/Error.h"
#include "core/scene/Directions.h"
#include "core/scene/SplatTransform.h"

namespace ochre {
namespace {

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kLeastFov = 1, kMostFov = 170;

double dot(const Quaternion& a, const Quaternion& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

Quaternion times(const Quaternion& a, const Quaternion& b) {
    return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3], a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1], a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

Quaternion unit(Quaternion q) {
    const double length = std::sqrt(dot(q, q));
    for (double& v : q) v /= length;
    return q;
}

/// Half the turn from `a` to `b` the short way, about its axis in a's own frame.
Vec3 turn(const Quaternion& a, const Quaternion& b) {
    Quaternion d = times({a[0], -a[1], -a[2], -a[3]}, b);
    if (d[0] < 0)
        for (double& v : d) v = -v;
    const double sine = std::sqrt(d[1] * d[1] + d[2] * d[2] + d[3] * d[3]);
    const double scale = sine > 1e-12 ? std::atan2(sine, d[0]) / sine : 1;
    return {d[1] * scale, d[2] * scale, d[3] * scale};
}

Quaternion turned(const Quaternion& q, const Vec3& half, double share) {
    const double angle = std::sqrt(ochre::dot(half, half)) * share;
    const double scale = std::abs(angle) > 1e-12 ? std::sin(angle) / angle * share : share;
    return unit(times(q, {std::cos(angle), half[0] * scale, half[1] * scale, half[2] * scale}));
}

Quaternion slerp(const Quaternion& a, const Quaternion& b, double share) {
    return turned(a, turn(a, b), share);
}

/// A key and when it is reached, which on a loop is also a round earlier or later.
struct Knot {
    const CameraKey* key = nullptr; ///< null: there is none
    double time = 0;
};

/// The two keys that a time lies between, and their neighbours where the way goes on smoothly.
struct Segment {
    Knot before, from, to, after;
    double length() const { return to.time - from.time; }
};

/// The key `index` of a path without end, nothing outside one with ends.
Knot knot(const CameraPath& path, std::size_t count, std::ptrdiff_t index) {
    const auto n = static_cast<std::ptrdiff_t>(count);
    if (!path.loop && (index < 0 || index >= n)) return {};
    const std::ptrdiff_t round = (index >= 0 ? index : index - n + 1) / n;
    const CameraKey& key = path.keys[static_cast<std::size_t>(index - round * n)];
    return Knot{&key, key.time + static_cast<double>(round) * path.duration};
}

/// Change a second at the middle one of three, from those before and after it.
template <typename Value>
Value weighted(Value before, double beforeLength, const Value& after, double afterLength) {
    for (std::size_t k = 0; k < before.size(); ++k)
        before[k] = (before[k] * afterLength + after[k] * beforeLength) / (beforeLength + afterLength);
    return before;
}

template <std::size_t N>
std::array<double, N> change(const std::array<double, N>& a, const std::array<double, N>& b, double seconds) {
    std::array<double, N> v{};
    for (std::size_t k = 0; k < N; ++k) v[k] = (b[k] - a[k]) / seconds;
    return v;
}

/// The change a second at `from` and at `to`, given that between two keys as seen from one of them; where a neighbour is missing,
/// that between the two.
template <typename Change>
auto slopes(const Segment& s, const Change& changeOf) {
    auto first = changeOf(s.from, s.from, s.to), last = changeOf(s.to, s.from, s.to);
    if (s.before.key) first = weighted(changeOf(s.from, s.before, s.from), s.from.time - s.before.time, first, s.length());
    if (s.after.key) last = weighted(last, s.length(), changeOf(s.to, s.to, s.after), s.after.time - s.to.time);
    return std::pair(first, last);
}

/// Position, field of view and focus together: all of them are plain numbers.
std::array<double, 5> numbersOf(const CameraKey& key) {
    return {key.position[0], key.position[1], key.position[2], key.fov, key.focus};
}

std::array<double, 5> hermite(const Segment& s, double u) {
    const auto [first, last] = slopes(
        s, [](const Knot&, const Knot& a, const Knot& b) { return change(numbersOf(*a.key), numbersOf(*b.key), b.time - a.time); });
    const std::array<double, 5> p = numbersOf(*s.from.key), q = numbersOf(*s.to.key);
    const double u2 = u * u, u3 = u2 * u, h = s.length();
    std::array<double, 5> v{};
    for (std::size_t k = 0; k < v.size(); ++k)
        v[k] = (2 * u3 - 3 * u2 + 1) * p[k] + (u3 - 2 * u2 + u) * h * first[k] + (3 * u2 - 2 * u3) * q[k] + (u3 - u2) * h * last[k];
    return v;
}

Quaternion bezier(const Segment& s, double u) {
    // All turns are told in the frame of the key that they are the change at.
    const auto [first, last] = slopes(s, [](const Knot& at, const Knot& a, const Knot& b) {
        const bool begins = at.key == a.key && at.time == a.time;
        Vec3 half = turn(at.key->rotation, begins ? b.key->rotation : a.key->rotation);
        for (double& v : half) v /= begins ? b.time - a.time : a.time - b.time;
        return half;
    });
    const Quaternion &p = s.from.key->rotation, &q = s.to.key->rotation;
    const Quaternion b = turned(p, first, s.length() / 3), c = turned(q, last, -s.length() / 3);
    const Quaternion pb = slerp(p, b, u), bc = slerp(b, c, u), cq = slerp(c, q, u);
    return slerp(slerp(pb, bc, u), slerp(bc, cq, u), u);
}

} // namespace

Quaternion quaternionOf(const std::array<double, 16>& m) {
    // Of the transpose: the matrix leads from the camera to the world. Shepperd's choice of the largest part.
    const double xx = m[0], yy = m[5], zz = m[10];
    const std::array<double, 4> parts{1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz};
    switch (std::max_element(parts.begin(), parts.end()) - parts.begin()) {
    case 0: return unit(Quaternion{parts[0], m[6] - m[9], m[8] - m[2], m[1] - m[4]});
    case 1: return unit(Quaternion{m[6] - m[9], parts[1], m[1] + m[4], m[8] + m[2]});
    case 2: return unit(Quaternion{m[8] - m[2], m[1] + m[4], parts[2], m[6] + m[9]});
    default: return unit(Quaternion{m[1] - m[4], m[8] + m[2], m[6] + m[9], parts[3]});
    }
}

const char* name(Easing easing) {
    constexpr const char* kNames[] = {"linear", "ease-in", "ease-out", "ease", "hold"};
    return kNames[static_cast<std::size_t>(easing)];
}

double eased(Easing easing, double u) {
    switch (easing) {
    case Easing::Linear: return u;
    case Easing::In: return u * u;
    case Easing::Out: return u * (2 - u);
    case Easing::InOut: return u * u * (3 - 2 * u);
    case Easing::Hold: return u < 1 ? 0 : 1;
    }
    return u;
}

Camera CameraKey::camera(int width, int height, double nearest) const {
    Camera c;
    c.width = width;
    c.height = height;
    c.fx = c.fy = height / 2.0 / std::tan(fov * kRadians / 2);
    c.cx = width / 2.0;
    c.cy = height / 2.0;
    c.near = nearest;
    const Mat3 toWorld = matrixOf(rotation);
    for (std::size_t r = 0; r < 3; ++r) {
        double moved = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            c.worldToCamera[4 * r + k] = toWorld[3 * k + r];
            moved -= toWorld[3 * k + r] * position[k];
        }
        c.worldToCamera[4 * r + 3] = moved;
    }
    return c;
}

CameraKey keyOf(const Camera& camera, double focus) {
    CameraKey key;
    key.rotation = quaternionOf(camera.worldToCamera);
    key.position = camera.position();
    key.focus = focus;
    double fy = camera.fy;
    if (camera.orthographic && focus > 0) { // which is as far from the middle as the eye of a perspective view
        const double distance = camera.height / 2.0 / camera.fy / std::tan(key.fov * kRadians / 2);
        fy *= distance;
        for (std::size_t k = 0; k < 3; ++k) key.position[k] += camera.worldToCamera[8 + k] * (focus - distance);
        key.focus = distance;
    }
    key.fov = std::clamp(2 * std::atan(camera.height / 2.0 / fy) / kRadians, kLeastFov, kMostFov);
    return key;
}

CameraKey CameraPath::at(double time) const {
    if (keys.empty()) throw Error("camera path: it has no key", "set a key first");
    std::size_t count = keys.size();
    if (loop) { // what stands at the end or behind it is never reached
        while (count > 1 && keys[count - 1].time - keys[0].time >= duration) --count;
        time -= std::floor((time - keys[0].time) / duration) * duration;
    }
    const auto next = std::upper_bound(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(count), time,
                                       [](double t, const CameraKey& key) { return t < key.time; });
    const std::ptrdiff_t index = next - keys.begin() - 1;
    Segment s{knot(*this, count, index - 1), knot(*this, count, index), knot(*this, count, index + 1), knot(*this, count, index + 2)};
    CameraKey key = s.from.key ? *s.from.key : *s.to.key;
    key.time = time;
    if (!s.from.key || !s.to.key || count < 2 || s.from.key->easing == Easing::Hold) return key;
    if (s.before.key && s.before.key->easing == Easing::Hold) s.before = {};
    if (s.to.key->easing == Easing::Hold) s.after = {};
    const double u = eased(s.from.key->easing, std::clamp((time - s.from.time) / s.length(), 0.0, 1.0));
    const std::array<double, 5> v = hermite(s, u);
    key.position = {v[0], v[1], v[2]};
    key.fov = std::clamp(v[3], kLeastFov, kMostFov);
    key.focus = s.from.key->focus > 0 && s.to.key->focus > 0 ? std::max(v[4], 1e-9) : 0;
    key.rotation = bezier(s, u);
    return key;
}

std::size_t CameraPath::frames() const {
    return static_cast<std::size_t>(std::max(1.0, std::round(duration * fps)));
}

double CameraPath::timeOf(std::size_t frame) const {
    return static_cast<double>(frame) / fps;
}

std::size_t CameraPath::put(CameraKey key) {
    const auto same = std::ranges::find_if(keys, [&](const CameraKey& k) { return std::abs(k.time - key.time) < 0.5 / fps; });
    if (same != keys.end()) keys.erase(same);
    const auto place = keys.insert(std::ranges::upper_bound(keys, key.time, {}, &CameraKey::time), key);
    return static_cast<std::size_t>(place - keys.begin());
}

CameraPath turntable(const Focus& focus, double seconds, double fps, double pitch, double fov) {
    constexpr int kKeys = 24;
    CameraPath path{.duration = seconds, .fps = fps, .loop = true};
    for (int i = 0; i < kKeys; ++i) {
        const Camera camera = Camera::frame(focus, 1600, 900, 360.0 * i / kKeys, pitch, fov);
        CameraKey key = keyOf(camera, camera.toCamera(focus.center)[2]);
        key.time = seconds * i / kKeys;
        path.keys.push_back(key);
    }
    return path;
}

} // namespace ochre
