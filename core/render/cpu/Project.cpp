// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/Project.h"

#include <algorithm>
#include <cmath>

#include "core/render/SplatMath.h"

namespace ochre::raster {
namespace {

constexpr long kChunk = 4096;      // splats
constexpr double kNearest = 1e-6;  // a camera's near plane is not nearer than this

View kernelView(const ItemView& c) {
    View v{};
    std::copy(c.toCamera.begin(), c.toCamera.end(), v.world);
    v.fx = c.fx;
    v.fy = c.fy;
    v.cx = c.cx;
    v.cy = c.cy;
    v.near = std::max(c.near, kNearest);
    v.far = c.far;
    v.orthographic = c.orthographic;
    v.boxed = c.box.has_value();
    for (std::size_t k = 0; k < 3 && v.boxed; ++k) {
        for (std::size_t i = 0; i < 4; ++i) v.toWorld[4 * k + i] = static_cast<float>(c.toWorld[4 * k + i]);
        v.boxLow[k] = static_cast<float>(c.box->min[k]);
        v.boxHigh[k] = static_cast<float>(c.box->max[k]);
    }
    v.fade = static_cast<float>(std::log2(c.opacity));
    v.graded = c.look.has_value();
    if (c.look) {
        v.gain = static_cast<float>(std::log2(c.look->opacity));
        v.most = static_cast<float>(std::log2(c.look->mostOpacity));
        v.larger = static_cast<float>(c.look->size);
        for (std::size_t i = 0; i < 12; ++i) v.color[i] = static_cast<float>(c.look->color[i]);
    }
    std::copy(c.eye.begin(), c.eye.end(), v.eye);
    const double guardX = splat::kGuard * 0.5 * c.width / c.fx, guardY = splat::kGuard * 0.5 * c.height / c.fy;
    v.lowX = static_cast<float>(-(c.cx / c.fx + guardX));
    v.highX = static_cast<float>((c.width - c.cx) / c.fx + guardX);
    v.lowY = static_cast<float>(-(c.cy / c.fy + guardY));
    v.highY = static_cast<float>((c.height - c.cy) / c.fy + guardY);
    v.width = static_cast<float>(c.width);
    v.height = static_cast<float>(c.height);
    v.usedRest = (c.shDegree + 1) * (c.shDegree + 1) - 1;
    v.antialiased = c.antialiased;
    return v;
}

double furthest(const ItemView& view, const Bounds& bounds) {
    double far = 0;
    for (unsigned corner = 0; corner < 8; ++corner) {
        Vec3 p;
        for (std::size_t k = 0; k < 3; ++k) p[k] = corner >> k & 1 ? bounds.max[k] : bounds.min[k];
        far = std::max(far, transformed(view.toCamera, p)[2]);
    }
    return far * (1 + 1e-9);
}

Splats splatsOf(const SplatCloud& cloud) {
    const SplatData& d = cloud.data();
    return {d.positions.data(), d.logScales.data(), d.rotations.data(), d.opacities.data(), d.sh0.data(), d.shRest.data(),
            static_cast<long>(cloud.count()), static_cast<int>(cloud.restCount())};
}

} // namespace

void Projection::setScene(std::span<const SceneItem> items) {
    const bool same = std::equal(items.begin(), items.end(), m_items.begin(), m_items.end(), [](const SceneItem& a, const SceneItem& b) {
        return &a.cloud.data() == &b.cloud.data() && a.cloud.count() == b.cloud.count();
    });
    m_items.assign(items.begin(), items.end()); // holds the data, so that its address is taken by no other
    if (!same) cut();
}

void Projection::cut() {
    m_parts.clear();
    m_chunks.clear();
    long total = 0;
    for (const SceneItem& item : m_items) {
        const Splats splats = splatsOf(item.cloud);
        for (long begin = 0; begin < splats.count; begin += kChunk)
            m_chunks.push_back({m_parts.size(), begin, std::min(begin + kChunk, splats.count), 0});
        m_parts.push_back({.splats = splats, .bounds = item.cloud.bounds(), .first = total});
        total += splats.count;
    }
    const auto n = static_cast<std::size_t>(total);
    m_drawn.resize(n);
    m_found.resize(n);
    m_shaded.assign(n, 0);
}

void Projection::projectChunk(const View& view, const DepthKeys& keys, Chunk& chunk) {
    const Part& part = m_parts[chunk.part];
    std::uint32_t visible[kChunk];
    double depths[kChunk];
    Drawn* drawn = m_drawn.data() + part.first;
    const long found = m_kernels.project(part.splats, view, chunk.begin, chunk.end, drawn, visible, depths);
    const auto first = static_cast<std::uint32_t>(part.first);
    Entry* entries = &m_found[static_cast<std::size_t>(part.first + chunk.begin)];
    long fresh = 0, kept = 0;
    for (long i = 0; i < found; ++i) {
        const std::uint32_t index = visible[i];
        if (part.view.mark(index) == SplatMark::Hidden) continue;
        entries[kept++] = {keys(depths[i]), first + index};
        if (!m_shaded[first + index]) visible[fresh++] = index;
        m_shaded[first + index] = 1;
    }
    chunk.found = static_cast<std::size_t>(kept);
    m_kernels.shade(part.splats, view, visible, fresh, drawn);
    for (long i = 0; i < fresh && part.view.marks; ++i) {
        Drawn& d = drawn[visible[i]];
        float color[3] = {d.red, d.green, d.blue};
        part.view.tint(part.view.marks[visible[i]], color);
        d.red = color[0], d.green = color[1], d.blue = color[2];
    }
}

/// Whether what is known of the colours holds no longer; it is then taken note of what they will be.
bool Projection::shadeAnew(Part& part, const SceneItem& item, int usedRest) {
    const std::array<SplatTint, 2> tints{part.view.selected, part.view.locked};
    if (usedRest == part.shadedRest && part.view.eye == part.shadedFrom && part.view.orthographic == part.shadedParallel &&
        item.marks == part.shadedMarks && (!item.marks || tints == part.shadedTints) && item.look == part.shadedLook)
        return false;
    part.shadedRest = usedRest;
    part.shadedFrom = part.view.eye;
    part.shadedParallel = part.view.orthographic;
    part.shadedMarks = item.marks;
    part.shadedTints = tints;
    part.shadedLook = item.look;
    return true;
}

void Projection::run(const Camera& camera, const SplatOptions& options, Pages<Entry>& seen, TaskPool& pool,
                     const Cancel& cancel) {
    const std::vector<ItemView> itemViews = viewsOf(m_items, camera, options);
    std::vector<View> views;
    double far = 0;
    for (std::size_t p = 0; p < m_parts.size(); ++p) {
        Part& part = m_parts[p];
        part.view = itemViews[p];
        views.push_back(kernelView(part.view));
        far = std::max(far, furthest(part.view, part.bounds));
        if (shadeAnew(part, m_items[p], views[p].usedRest)) std::fill_n(m_shaded.begin() + part.first, part.splats.count, 0);
    }
    const DepthKeys keys(std::max(camera.near, kNearest), far);
    pool.parallelFor(m_chunks.size(), 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t c = first; c < last; ++c) {
            cancel.check();
            m_chunks[c].found = 0;
            if (m_items[m_chunks[c].part].visible) projectChunk(views[m_chunks[c].part], keys, m_chunks[c]);
        }
    }, cancel);

    std::vector<std::size_t> starts;
    std::size_t total = 0;
    for (const Chunk& c : m_chunks) {
        starts.push_back(total);
        total += c.found;
    }
    seen.resize(total);
    pool.parallelFor(m_chunks.size(), 16, [&](std::size_t first, std::size_t last) {
        for (std::size_t c = first; c < last; ++c) {
            const Chunk& chunk = m_chunks[c];
            std::copy_n(&m_found[static_cast<std::size_t>(m_parts[chunk.part].first + chunk.begin)], chunk.found,
                        seen.begin() + static_cast<std::ptrdiff_t>(starts[c]));
        }
    });
}

const Normal* Projection::normals(const Pages<Entry>& seen, TaskPool& pool, const Cancel& cancel) {
    m_normals.resize(m_drawn.size());
    pool.parallelFor(seen.size(), 4096, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            const std::uint32_t index = seen[i].index;
            const auto after = std::upper_bound(m_parts.begin(), m_parts.end(), long{index},
                                                [](long value, const Part& p) { return value < p.first; });
            const Part& part = *(after - 1);
            const auto which = static_cast<std::size_t>(after - 1 - m_parts.begin());
            const Vec3 n = splat::worldNormal(m_items[which].cloud.data(), index - static_cast<std::size_t>(part.first), part.view);
            for (std::size_t k = 0; k < 3; ++k) m_normals[index].axis[k] = static_cast<float>(n[k]);
        }
    }, cancel);
    return m_normals.data();
}

} // namespace ochre::raster
