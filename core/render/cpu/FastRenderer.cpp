// SPDX-License-Identifier: GPL-3.0-or-later
// In floats, on all cores, with the widest registers there are: project, sort, bin into tiles, blend.
#include "core/render/cpu/FastRenderer.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/render/MixedRenderer.h"
#include "core/render/cpu/Blend.h"
#include "core/render/cpu/CpuRenderer.h"
#include "core/render/cpu/Project.h"

namespace ochre {
namespace raster {
namespace {

class FastRenderer : public CpuPictures {
public:
    FastRenderer(const Kernels& kernels, TaskPool& pool, std::size_t mostEntries)
        : m_kernels(kernels), m_pool(pool), m_projection(kernels), m_lists(mostEntries) {}

    std::string name() const override { return fmt::format("CPU, fast ({})", m_kernels.name); }

    void setScene(std::span<const SceneItem> items) override {
        checkScene(items);
        m_projection.setScene(items);
        if (m_exact) m_exact->setScene(items);
    }

    Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) override {
        if (options.mode != SplatMode::Color) return exact().renderSplats(camera, options, cancel);
        Image image(camera.width, camera.height, 4, ColorSpace::Raw);
        draw(camera, options, {camera.width, camera.height, image.edit().data(), nullptr, options.background}, cancel);
        return image;
    }

    void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels,
                       const Cancel& cancel) override {
        if (pixels.size() != std::size_t{4} * static_cast<std::size_t>(camera.width) * static_cast<std::size_t>(camera.height))
            throw Error("the frame's memory does not fit the camera's size");
        if (options.mode != SplatMode::Color) return exact().renderSplats8(camera, options, pixels, cancel);
        draw(camera, options, {camera.width, camera.height, nullptr, pixels.data(), options.background}, cancel);
    }

    Planes renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted,
                        const Cancel& cancel) override {
        if (options.mode != SplatMode::Color) return exact().renderPlanes(camera, options, wanted, cancel);
        Stopwatch watch;
        findSplats(camera, options, watch, cancel);
        PlaneWriter writer(wanted, camera.width, camera.height, firstsOf(m_projection.items()), options.background);
        const Normal* normals = writer.wants(Plane::Normals) ? m_projection.normals(m_sorted, m_pool, cancel) : nullptr;
        if (normals) watch.lap(m_times, "normals");
        drawBand({0, (camera.height + kTile - 1) / kTile}, PlaneTarget{camera.width, camera.height, normals, writer}, watch, cancel);
        return writer.take();
    }

    std::vector<StageTime> lastTimes() const override { return m_exactDrew ? m_exact->lastTimes() : m_times; }

private:
    /// Draws the modes that there are no kernels for.
    Renderer& exact() {
        if (!m_exact) {
            m_exact = makeCpuRenderer();
            m_exact->setScene(m_projection.items());
        }
        m_exactDrew = true;
        return *m_exact;
    }

    void draw(const Camera& camera, const SplatOptions& options, const Target& target, const Cancel& cancel) {
        Stopwatch watch;
        findSplats(camera, options, watch, cancel);
        drawBand({0, (camera.height + kTile - 1) / kTile}, target, watch, cancel);
    }

    void findSplats(const Camera& camera, const SplatOptions& options, Stopwatch& watch, const Cancel& cancel) {
        m_exactDrew = false;
        m_times.clear();
        m_projection.run(camera, options, m_sorted, m_pool, cancel);
        watch.lap(m_times, "project");
        sortEntries(m_sorted, m_room, m_pool, cancel);
        watch.lap(m_times, "sort");
    }

    template <typename Target>
    void drawBand(Band band, const Target& target, Stopwatch& watch, const Cancel& cancel) {
        const Drawn* all = m_projection.drawn();
        const bool fits = m_lists.make(all, m_sorted, target.width, target.height, band, m_pool, cancel);
        watch.lap(m_times, "bin");
        if (!fits) {
            const int middle = (band.first + band.last) / 2;
            drawBand({band.first, middle}, target, watch, cancel);
            drawBand({middle, band.last}, target, watch, cancel);
            return;
        }
        blendTiles(m_kernels, all, m_lists, band, target, m_pool, cancel);
        watch.lap(m_times, "blend");
    }

    const Kernels& m_kernels;
    TaskPool& m_pool;
    Projection m_projection;
    Pages<Entry> m_sorted, m_room;
    TileLists m_lists;
    std::unique_ptr<Renderer> m_exact; ///< null until it is needed
    bool m_exactDrew = false;          ///< the last frame
};

} // namespace

int usableKernels(const Kernels* (&found)[3]) {
    int count = 0;
    found[count++] = &kPlain;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) found[count++] = &kAvx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        found[count++] = &kAvx512;
#endif
    return count;
}

const Kernels& bestKernels() {
    const Kernels* found[3];
    return *found[usableKernels(found) - 1];
}

std::unique_ptr<Renderer> makeRenderer(const Kernels& kernels, TaskPool& pool, std::size_t mostEntries) {
    return std::make_unique<FastRenderer>(kernels, pool, mostEntries);
}

} // namespace raster

std::unique_ptr<Renderer> makeFastCpuRenderer() {
    return makeMixedRenderer(raster::makeRenderer(raster::bestKernels(), TaskPool::shared()), makeCpuFieldRenderer);
}

} // namespace ochre
