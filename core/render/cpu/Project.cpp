// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/Project.h"

#include <algorithm>

#include "core/render/SplatMath.h"

namespace ochre::raster {
namespace {

constexpr long kChunk = 4096;      // splats
constexpr double kNearest = 1e-6;  // a camera's near plane is not nearer than this

View viewOf(const Camera& c, const SplatData& data, const SplatOptions& options) {
    View v;
    std::copy_n(c.worldToCamera.begin(), 12, v.world);
    v.fx = c.fx;
    v.fy = c.fy;
    v.cx = c.cx;
    v.cy = c.cy;
    v.near = std::max(c.near, kNearest);
    const Vec3 eye = c.position();
    std::copy(eye.begin(), eye.end(), v.eye);
    const double guardX = splat::kGuard * 0.5 * c.width / c.fx, guardY = splat::kGuard * 0.5 * c.height / c.fy;
    v.lowX = static_cast<float>(-(c.cx / c.fx + guardX));
    v.highX = static_cast<float>((c.width - c.cx) / c.fx + guardX);
    v.lowY = static_cast<float>(-(c.cy / c.fy + guardY));
    v.highY = static_cast<float>((c.height - c.cy) / c.fy + guardY);
    v.width = static_cast<float>(c.width);
    v.height = static_cast<float>(c.height);
    const int degree = std::clamp(options.shDegree, 0, data.shDegree);
    v.usedRest = (degree + 1) * (degree + 1) - 1;
    v.antialiased = options.antialiased || data.antialiased;
    return v;
}

double furthest(const Camera& camera, const Bounds& bounds) {
    double far = 0;
    for (unsigned corner = 0; corner < 8; ++corner) {
        Vec3 p;
        for (std::size_t k = 0; k < 3; ++k) p[k] = corner >> k & 1 ? bounds.max[k] : bounds.min[k];
        far = std::max(far, camera.toCamera(p)[2]);
    }
    return far * (1 + 1e-9);
}

} // namespace

void Projection::setSplats(const SplatCloud& cloud) {
    m_cloud = cloud;
    m_bounds = cloud.bounds();
    const SplatData& d = m_cloud.data();
    m_splats = {d.positions.data(), d.logScales.data(), d.rotations.data(), d.opacities.data(), d.sh0.data(), d.shRest.data(),
                static_cast<long>(cloud.count()), static_cast<int>(cloud.restCount())};
    m_drawn.resize(cloud.count());
    m_found.resize(cloud.count());
    m_shaded.assign(cloud.count(), 0);
    m_shadedRest = -1;
}

void Projection::projectChunk(const View& view, const DepthKeys& keys, long chunk) {
    const long begin = chunk * kChunk, end = std::min(begin + kChunk, m_splats.count);
    std::uint32_t visible[kChunk];
    double depths[kChunk];
    const long found = m_kernels.project(m_splats, view, begin, end, m_drawn.data(), visible, depths);
    m_counts[static_cast<std::size_t>(chunk)] = static_cast<std::size_t>(found);
    long fresh = 0;
    for (long i = 0; i < found; ++i) {
        const std::uint32_t index = visible[i];
        m_found[static_cast<std::size_t>(begin + i)] = {keys(depths[i]), index};
        if (!m_shaded[index]) visible[fresh++] = index;
        m_shaded[index] = 1;
    }
    m_kernels.shade(m_splats, view, visible, fresh, m_drawn.data());
}

void Projection::run(const Camera& camera, const SplatOptions& options, Pages<Entry>& seen, TaskPool& pool,
                     const Cancel& cancel) {
    const View view = viewOf(camera, m_cloud.data(), options);
    const Vec3 eye = camera.position();
    if (view.usedRest != m_shadedRest || eye != m_shadedFrom) {
        std::fill(m_shaded.begin(), m_shaded.end(), 0);
        m_shadedRest = view.usedRest;
        m_shadedFrom = eye;
    }
    const DepthKeys keys(view.near, furthest(camera, m_bounds));
    const auto chunks = static_cast<std::size_t>((m_splats.count + kChunk - 1) / kChunk);
    m_counts.assign(chunks, 0);
    pool.parallelFor(chunks, 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t c = first; c < last; ++c) {
            cancel.check();
            projectChunk(view, keys, static_cast<long>(c));
        }
    }, cancel);

    std::size_t total = 0;
    std::vector<std::size_t>& starts = m_counts; // of the chunks, with the end behind
    for (std::size_t& c : starts) total += std::exchange(c, total);
    starts.push_back(total);
    seen.resize(total);
    pool.parallelFor(chunks, 16, [&](std::size_t first, std::size_t last) {
        for (std::size_t c = first; c < last; ++c)
            std::copy_n(&m_found[c * static_cast<std::size_t>(kChunk)], starts[c + 1] - starts[c], seen.begin() + static_cast<std::ptrdiff_t>(starts[c]));
    });
}

} // namespace ochre::raster
