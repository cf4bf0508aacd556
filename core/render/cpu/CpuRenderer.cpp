// SPDX-License-Identifier: GPL-3.0-or-later
// The exact renderer: slow, in double precision, and what the others are measured against.
#include "core/render/cpu/CpuRenderer.h"

#include <algorithm>
#include <cmath>

#include "core/base/TaskPool.h"
#include "core/render/SplatMath.h"

namespace ochre {
namespace {

using splat::Projected;

constexpr int kTile = 16;

/// The splats that can reach the picture, nearest first; equal depths in the order of the file.
std::vector<Projected> projectAll(const SplatData& data, const Camera& camera, int degree, bool antialiased,
                                  const Cancel& cancel) {
    const std::size_t n = data.opacities.size();
    const Vec3 eye = camera.position();
    std::vector<Projected> all(n);
    std::vector<std::uint8_t> drawn(n, 0);
    TaskPool::shared().parallelFor(n, 4096, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            Projected& p = all[i];
            drawn[i] = splat::project(data, i, camera, eye, degree, antialiased, p) && p.x + p.extentX > 0 &&
                       p.y + p.extentY > 0 && p.x - p.extentX < camera.width && p.y - p.extentY < camera.height;
        }
    }, cancel);
    std::vector<std::uint32_t> order;
    for (std::size_t i = 0; i < n; ++i)
        if (drawn[i]) order.push_back(static_cast<std::uint32_t>(i));
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return all[a].depth < all[b].depth; });
    std::vector<Projected> sorted;
    sorted.reserve(order.size());
    for (const std::uint32_t i : order) sorted.push_back(all[i]);
    return sorted;
}

struct Tiles {
    int across, down;
    std::vector<std::vector<std::uint32_t>> lists; ///< per tile, nearest first
};

Tiles bin(const std::vector<Projected>& splats, int width, int height) {
    Tiles tiles{(width + kTile - 1) / kTile, (height + kTile - 1) / kTile, {}};
    tiles.lists.resize(static_cast<std::size_t>(tiles.across) * static_cast<std::size_t>(tiles.down));
    const auto tileOf = [](double v, int count) {
        return static_cast<int>(std::clamp(std::floor(v / kTile), 0.0, static_cast<double>(count - 1)));
    };
    for (std::size_t i = 0; i < splats.size(); ++i) {
        const Projected& p = splats[i];
        const int x1 = tileOf(p.x + p.extentX, tiles.across), y1 = tileOf(p.y + p.extentY, tiles.down);
        for (int y = tileOf(p.y - p.extentY, tiles.down); y <= y1; ++y)
            for (int x = tileOf(p.x - p.extentX, tiles.across); x <= x1; ++x)
                tiles.lists[static_cast<std::size_t>(y) * static_cast<std::size_t>(tiles.across) + static_cast<std::size_t>(x)]
                    .push_back(static_cast<std::uint32_t>(i));
    }
    return tiles;
}

/// Front to back at the centre of one pixel; writes premultiplied RGBA.
void blend(const std::vector<Projected>& splats, const std::vector<std::uint32_t>& list, double px, double py, float* rgba) {
    double color[3] = {}, transmittance = 1;
    for (const std::uint32_t index : list) {
        const Projected& s = splats[index];
        const double dx = px - s.x, dy = py - s.y;
        const double power = -0.5 * (s.conicA * dx * dx + s.conicC * dy * dy) - s.conicB * dx * dy;
        if (power > 0) continue;
        const double alpha = std::min(splat::kAlphaCap, s.opacity * std::exp(power));
        if (alpha < splat::kAlphaCut) continue;
        const double next = transmittance * (1 - alpha);
        if (next < splat::kStop) break;
        for (int k = 0; k < 3; ++k) color[k] += s.color[static_cast<std::size_t>(k)] * alpha * transmittance;
        transmittance = next;
    }
    for (int k = 0; k < 3; ++k) rgba[k] = static_cast<float>(color[k]);
    rgba[3] = static_cast<float>(1 - transmittance);
}

class CpuRenderer : public CpuPictures {
public:
    std::string name() const override { return "CPU"; }

    void setSplats(const SplatCloud& cloud) override { m_cloud = cloud; }

    Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) override {
        m_times.clear();
        Stopwatch watch;
        const int degree = std::min(options.shDegree, m_cloud.shDegree());
        const auto splats = projectAll(m_cloud.data(), camera, degree, options.antialiased || m_cloud.data().antialiased, cancel);
        watch.lap(m_times, "project and sort");
        const Tiles tiles = bin(splats, camera.width, camera.height);
        watch.lap(m_times, "bin");
        Image image(camera.width, camera.height, 4, ColorSpace::Raw);
        float* pixels = image.edit().data();
        TaskPool::shared().parallelFor(tiles.lists.size(), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t t = begin; t < end; ++t) drawTile(splats, tiles, static_cast<int>(t), camera, pixels, cancel);
        }, cancel);
        if (options.background) layOver(*options.background, image);
        watch.lap(m_times, "blend");
        return image;
    }

    void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels,
                       const Cancel& cancel) override {
        packRgba8(renderSplats(camera, options, cancel), pixels);
    }

private:
    static void drawTile(const std::vector<Projected>& splats, const Tiles& tiles, int tile, const Camera& camera,
                         float* pixels, const Cancel& cancel) {
        const int x0 = tile % tiles.across * kTile, y0 = tile / tiles.across * kTile;
        for (int y = y0; y < std::min(y0 + kTile, camera.height); ++y) {
            cancel.check();
            for (int x = x0; x < std::min(x0 + kTile, camera.width); ++x)
                blend(splats, tiles.lists[static_cast<std::size_t>(tile)], x + 0.5, y + 0.5,
                      pixels + 4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(camera.width) + static_cast<std::size_t>(x)));
        }
    }

    SplatCloud m_cloud;
};

} // namespace

std::unique_ptr<Renderer> makeCpuRenderer() {
    return std::make_unique<CpuRenderer>();
}

} // namespace ochre
