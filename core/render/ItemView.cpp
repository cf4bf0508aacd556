// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/ItemView.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre {
namespace {

Affine composed(const std::array<double, 16>& outer, const std::array<double, 16>& inner) {
    Affine m;
    for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t c = 0; c < 4; ++c) {
            m[4 * r + c] = c == 3 ? outer[4 * r + 3] : 0;
            for (std::size_t k = 0; k < 3; ++k) m[4 * r + c] += outer[4 * r + k] * inner[4 * k + c];
        }
    return m;
}

/// The transposed left part: turns back, and scales once more by the scale.
Vec3 turnedBack(const Affine& m, const Vec3& v) {
    return {m[0] * v[0] + m[4] * v[1] + m[8] * v[2], m[1] * v[0] + m[5] * v[1] + m[9] * v[2],
            m[2] * v[0] + m[6] * v[1] + m[10] * v[2]};
}

double scaleOf(const std::array<double, 16>& m) {
    return std::sqrt(m[0] * m[0] + m[4] * m[4] + m[8] * m[8]);
}

/// The spheres of the items' foci along z.
std::array<double, 2> depthsOf(std::span<const SceneItem> items, const Camera& camera) {
    double low = INFINITY, high = -INFINITY;
    for (const SceneItem& item : items) {
        if (!item.visible || item.cloud.empty()) continue;
        const Focus focus = item.cloud.focus();
        const double z = transformed(composed(camera.worldToCamera, item.toWorld), focus.center)[2], radius = focus.radius * scaleOf(item.toWorld);
        low = std::min(low, z - radius);
        high = std::max(high, z + radius);
    }
    low = std::max(low, camera.near);
    return {low, std::max(high, low + 1e-6 * std::abs(low))};
}

ItemView viewOf(const SceneItem& item, const Camera& camera, const SplatOptions& options) {
    ItemView v{};
    v.toCamera = composed(camera.worldToCamera, item.toWorld);
    std::copy_n(item.toWorld.begin(), 12, v.toWorld.begin());
    const Affine& m = v.toWorld;
    v.scale = scaleOf(item.toWorld);
    v.opacity = item.opacity;
    v.orthographic = camera.orthographic;
    const auto& w = camera.worldToCamera;
    const Vec3 eye = camera.position();
    v.eye = turnedBack(m, camera.orthographic ? Vec3{w[8], w[9], w[10]} : Vec3{eye[0] - m[3], eye[1] - m[7], eye[2] - m[11]});
    for (double& x : v.eye) x /= camera.orthographic ? v.scale : v.scale * v.scale;
    v.fx = camera.fx, v.fy = camera.fy, v.cx = camera.cx, v.cy = camera.cy;
    v.near = camera.near, v.far = camera.far;
    v.width = camera.width, v.height = camera.height;
    v.shDegree = std::clamp(options.shDegree, 0, item.cloud.shDegree());
    v.antialiased = options.antialiased || item.cloud.data().antialiased;
    v.box = options.box;
    v.mode = options.mode;
    v.pointRadius = options.pointSize / 2;
    v.marks = item.marks && !item.marks->empty() ? item.marks->data() : nullptr;
    v.look = item.look;
    v.selected = options.selected;
    v.locked = options.locked;
    return v;
}

void checkItem(const SceneItem& item, std::size_t index) {
    const auto& m = item.toWorld;
    const double square = m[0] * m[0] + m[4] * m[4] + m[8] * m[8];
    bool similar = square > 0 && std::isfinite(square) && m[12] == 0 && m[13] == 0 && m[14] == 0 && m[15] == 1;
    for (std::size_t a = 0; a < 3; ++a) {
        similar = similar && std::isfinite(m[4 * a + 3]);
        for (std::size_t b = 0; b < 3; ++b) {
            const double product = m[a] * m[b] + m[4 + a] * m[4 + b] + m[8 + a] * m[8 + b];
            similar = similar && std::abs(product - (a == b ? square : 0)) <= 1e-3 * square;
        }
    }
    const double volume = m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8]) + m[2] * (m[4] * m[9] - m[5] * m[8]);
    if (!similar || !(volume > 0))
        throw Error(fmt::format("item {} ({}): its transform does more than turn, scale evenly and move", index, item.cloud.name()),
                    "splats cannot be mirrored, sheared or stretched");
    if (item.marks && item.marks->size() != item.cloud.count())
        throw Error(fmt::format("item {} ({}): {} marks for {} splats", index, item.cloud.name(), item.marks->size(), item.cloud.count()));
    if (!(item.opacity >= 0 && item.opacity <= 1))
        throw Error(fmt::format("item {} ({}): opacity {} is not from 0 to 1", index, item.cloud.name(), item.opacity));
    if (!item.look) return;
    const ItemLook& look = *item.look;
    bool sound = look.opacity > 0 && std::isfinite(look.opacity) && look.mostOpacity > 0 && look.mostOpacity <= 1 && look.size > 0 && std::isfinite(look.size);
    for (const double value : look.color) sound = sound && std::isfinite(value);
    if (!sound)
        throw Error(fmt::format("item {} ({}): opacity times {}, at most {}, size times {}", index, item.cloud.name(), look.opacity, look.mostOpacity, look.size),
                    "factors are positive numbers, and colours are mapped by numbers");
}

} // namespace

std::vector<SceneItem> itemsOf(const SplatScene& scene) {
    std::vector<SceneItem> items;
    for (const SplatLayer& layer : scene.layers)
        items.push_back({.cloud = layer.cloud, .toWorld = similarityMatrix(layer.place), .visible = layer.visible, .opacity = layer.opacity});
    return items;
}

Focus focusOf(std::span<const SceneItem> items) {
    std::optional<Focus> all;
    for (const SceneItem& item : items) {
        if (!item.visible || item.cloud.empty()) continue;
        const Focus one = placed(item.cloud.focus(), item.toWorld);
        all = all ? enclosing(*all, one) : one;
    }
    return all.value_or(Focus{});
}

std::vector<ItemView> viewsOf(std::span<const SceneItem> items, const Camera& camera, const SplatOptions& options) {
    std::array<double, 2> range{0, 1};
    if (options.mode == SplatMode::Depth) range = options.depthRange ? *options.depthRange : depthsOf(items, camera);
    std::vector<ItemView> views;
    for (const SceneItem& item : items) {
        views.push_back(viewOf(item, camera, options));
        views.back().depthRange = range;
    }
    return views;
}

void checkScene(std::span<const SceneItem> items) {
    std::size_t total = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        checkItem(items[i], i);
        total += items[i].cloud.count();
    }
    if (total >= std::size_t{1} << 31)
        throw Error(fmt::format("a scene of {} splats: fewer than 2147483648 can be drawn at a time", total), "leave some items out");
}

std::vector<std::uint32_t> firstsOf(std::span<const SceneItem> items) {
    std::vector<std::uint32_t> firsts;
    std::uint32_t next = 0;
    for (const SceneItem& item : items) {
        firsts.push_back(next);
        next += static_cast<std::uint32_t>(item.cloud.count());
    }
    return firsts;
}

} // namespace ochre
