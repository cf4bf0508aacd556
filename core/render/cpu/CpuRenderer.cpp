// SPDX-License-Identifier: GPL-3.0-or-later
// The exact renderer: slow, in double precision, and what the others are measured against.
#include "core/render/cpu/CpuRenderer.h"

#include <algorithm>
#include <cmath>

#include "core/base/TaskPool.h"
#include "core/render/MixedRenderer.h"
#include "core/render/Planes.h"
#include "core/render/SplatMath.h"

namespace ochre {
namespace {

using splat::Projected;

constexpr int kTile = 16;

/// The splats that can reach the picture, nearest first; equal depths in the order of the items and of their files.
std::vector<Projected> projectAll(std::span<const SceneItem> items, const Camera& camera, const SplatOptions& options,
                                  const Cancel& cancel) {
    std::vector<Projected> found;
    const std::vector<ItemView> views = viewsOf(items, camera, options);
    const std::vector<std::uint32_t> firsts = firstsOf(items);
    for (std::size_t which = 0; which < items.size(); ++which) {
        if (!items[which].visible) continue;
        const SplatData& data = items[which].cloud.data();
        const std::size_t n = items[which].cloud.count();
        const ItemView& view = views[which];
        std::vector<Projected> all(n);
        std::vector<std::uint8_t> drawn(n, 0);
        TaskPool::shared().parallelFor(n, 4096, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                Projected& p = all[i];
                p.splat = firsts[which] + static_cast<std::uint32_t>(i);
                drawn[i] = splat::project(data, i, view, p) && p.x + p.extentX > 0 && p.y + p.extentY > 0 &&
                           p.x - p.extentX < camera.width && p.y - p.extentY < camera.height;
            }
        }, cancel);
        for (std::size_t i = 0; i < n; ++i)
            if (drawn[i]) found.push_back(all[i]);
    }
    std::stable_sort(found.begin(), found.end(), [](const Projected& a, const Projected& b) { return a.depth < b.depth; });
    return found;
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

/// Front to back at the centre of one pixel.
PlanePixel blend(const std::vector<Projected>& splats, const std::vector<std::uint32_t>& list, double px, double py, SplatMode mode) {
    Vec3 color{}, normal{};
    double transmittance = 1, depth = 0;
    int layers = 0;
    PlanePixel pixel;
    for (const std::uint32_t index : list) {
        const Projected& s = splats[index];
        const double alpha = splat::coverage(s, px - s.x, py - s.y, mode);
        if (alpha < splat::kAlphaCut) continue;
        const double next = transmittance * (1 - alpha);
        if (next < splat::kStop) break;
        for (std::size_t k = 0; k < 3; ++k) {
            color[k] += s.color[k] * alpha * transmittance;
            normal[k] += s.normal[k] * alpha * transmittance;
        }
        depth += s.depth * alpha * transmittance;
        if (transmittance > 0.5 && next <= 0.5) {
            pixel.median = static_cast<float>(s.depth);
            pixel.splat = s.splat;
        }
        transmittance = next;
        ++layers;
    }
    if (mode == SplatMode::Overdraw && layers > 0) {
        color = splat::layersColor(layers);
        depth /= 1 - transmittance;
        transmittance = 0;
    }
    pixel.red = static_cast<float>(color[0]);
    pixel.green = static_cast<float>(color[1]);
    pixel.blue = static_cast<float>(color[2]);
    pixel.alpha = static_cast<float>(1 - transmittance);
    pixel.depth = static_cast<float>(depth);
    for (std::size_t k = 0; k < 3; ++k) pixel.normal[k] = static_cast<float>(normal[k]);
    return pixel;
}

class CpuRenderer : public CpuPictures {
public:
    std::string name() const override { return "CPU"; }

    void setScene(std::span<const SceneItem> items) override {
        checkScene(items);
        m_items.assign(items.begin(), items.end());
    }

    Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) override {
        constexpr Plane kWanted[] = {Plane::Color};
        return renderPlanes(camera, options, kWanted, cancel).color;
    }

    Planes renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted,
                        const Cancel& cancel) override {
        m_times.clear();
        Stopwatch watch;
        const auto splats = projectAll(m_items, camera, options, cancel);
        watch.lap(m_times, "project and sort");
        const Tiles tiles = bin(splats, camera.width, camera.height);
        watch.lap(m_times, "bin");
        PlaneWriter writer(wanted, camera.width, camera.height, firstsOf(m_items), options.background);
        TaskPool::shared().parallelFor(tiles.lists.size(), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t t = begin; t < end; ++t) drawTile(splats, tiles, static_cast<int>(t), camera, options.mode, writer, cancel);
        }, cancel);
        Planes planes = writer.take();
        watch.lap(m_times, "blend");
        return planes;
    }

    void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels,
                       const Cancel& cancel) override {
        packRgba8(renderSplats(camera, options, cancel), pixels);
    }

private:
    static void drawTile(const std::vector<Projected>& splats, const Tiles& tiles, int tile, const Camera& camera,
                         SplatMode mode, PlaneWriter& writer, const Cancel& cancel) {
        const int x0 = tile % tiles.across * kTile, y0 = tile / tiles.across * kTile;
        for (int y = y0; y < std::min(y0 + kTile, camera.height); ++y) {
            cancel.check();
            for (int x = x0; x < std::min(x0 + kTile, camera.width); ++x)
                writer.put(static_cast<std::size_t>(y) * static_cast<std::size_t>(camera.width) + static_cast<std::size_t>(x),
                           blend(splats, tiles.lists[static_cast<std::size_t>(tile)], x + 0.5, y + 0.5, mode));
        }
    }

    std::vector<SceneItem> m_items;
};

} // namespace

std::unique_ptr<Renderer> makeCpuRenderer() {
    return makeMixedRenderer(std::make_unique<CpuRenderer>(), makeCpuFieldRenderer);
}

} // namespace ochre
