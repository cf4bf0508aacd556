// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/FieldMarcher.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/scene/field/FieldKernels.h"

namespace ochre {
namespace {

constexpr int kTile = 16;          // pixels along a side
constexpr int kAhead = 4;          // samples of a ray in a block: those behind the one that fills it are in vain
constexpr float kLeastLight = 1e-4f; // below, a ray is full

/// A ray in units of the box. Sample i is at t = begin + (i + ½)·step.
struct MarchRay {
    float origin[3], direction[3], unit[3]; ///< t along `direction` is z in the camera; unit: in the world, of unit length
    float begin, end, step;
    std::int64_t next = 0;
    float light = 1, color[3]{}, depth = 0, opacity = 0;
    float layer = INFINITY; ///< z of the layer's surface, while the ray has not passed it
    std::size_t pixel = 0;

    float t(std::int64_t i) const { return begin + (static_cast<float>(i) + 0.5f) * step; }
};

/// Samples of a block, and whose they are.
struct Block {
    float place[3][field::kBlock], direction[3][field::kBlock];
    MarchRay* ray[field::kBlock];
    float t[field::kBlock];
    long count = 0;
};

class Marcher {
public:
    Marcher(const HashField& field, const Camera& camera, const FieldOptions& options)
        : m_field(field), m_view(field), m_camera(camera), m_options(options),
          m_step(std::numbers::sqrt3 / options.steps), m_side(static_cast<float>(field.occupancy.side())) {}

    /// One tile into the frame; returns how many samples were looked up.
    std::uint64_t draw(int tileX, int tileY, std::span<float> color, std::span<float> depth) const;

private:
    bool start(int x, int y, MarchRay& ray) const;
    bool advance(MarchRay& ray) const;
    float leave(const MarchRay& ray, const int (&cell)[3], float cells, float t) const;
    void push(MarchRay& ray, Block& block) const;
    void blend(const Block& block, const field::Work& work) const;
    void passLayer(MarchRay& ray) const;
    void write(const MarchRay& ray, float* color, float& depth) const;

    const HashField& m_field;
    field::View m_view;
    const Camera& m_camera;
    const FieldOptions& m_options;
    double m_step; ///< in sides of the box
    float m_side;  ///< cells along it
};

/// False where the ray misses the box.
bool Marcher::start(int x, int y, MarchRay& ray) const {
    const CameraRay world = m_camera.ray(x, y);
    const double side = m_field.side();
    double length = 0, begin = m_camera.near, end = m_camera.far;
    for (std::size_t k = 0; k < 3; ++k) {
        const double o = (world.origin[k] - m_field.config.box.min[k]) / side, d = world.direction[k] / side;
        if (d == 0 && !(o >= 0 && o < 1)) return false;
        if (d != 0) {
            begin = std::max(begin, std::min(-o / d, (1 - o) / d));
            end = std::min(end, std::max(-o / d, (1 - o) / d));
        }
        ray.origin[k] = static_cast<float>(o);
        ray.direction[k] = static_cast<float>(d);
        length += d * d;
    }
    length = std::sqrt(length);
    for (std::size_t k = 0; k < 3; ++k) ray.unit[k] = static_cast<float>(world.direction[k] / side / length);
    ray.begin = static_cast<float>(begin);
    ray.end = static_cast<float>(end);
    ray.step = static_cast<float>(m_step / length);
    return begin < end;
}

/// t at which the ray leaves a cell of a grid of `cells`.
float Marcher::leave(const MarchRay& ray, const int (&cell)[3], float cells, float t) const {
    float end = ray.end;
    for (int k = 0; k < 3; ++k) {
        if (ray.direction[k] == 0) continue;
        const float wall = static_cast<float>(ray.direction[k] > 0 ? cell[k] + 1 : cell[k]) / cells;
        end = std::min(end, (wall - ray.origin[k]) / ray.direction[k]);
    }
    return std::max(end, t);
}

/// To the next sample in an occupied cell, over empty cells and coarse cells at once. False where there is none.
bool Marcher::advance(MarchRay& ray) const {
    for (;;) {
        const float t = ray.t(ray.next);
        if (!(t < ray.end)) return false;
        int cell[3], coarse[3];
        for (int k = 0; k < 3; ++k) {
            cell[k] = std::clamp(static_cast<int>((ray.origin[k] + t * ray.direction[k]) * m_side), 0, m_field.occupancy.side() - 1);
            coarse[k] = cell[k] / OccupancyGrid::kCoarse;
        }
        const bool anyNear = m_field.occupancy.coarseOccupied(coarse[0], coarse[1], coarse[2]);
        if (anyNear && m_field.occupancy.occupied(cell[0], cell[1], cell[2])) return true;
        const float end = anyNear ? leave(ray, cell, m_side, t) : leave(ray, coarse, m_side / OccupancyGrid::kCoarse, t);
        ray.next = std::max(ray.next + 1, static_cast<std::int64_t>(std::ceil((end - ray.begin) / ray.step - 0.5f)));
    }
}

void Marcher::push(MarchRay& ray, Block& block) const {
    const float t = ray.t(ray.next++);
    for (int k = 0; k < 3; ++k) {
        block.place[k][block.count] = std::clamp(ray.origin[k] + t * ray.direction[k], 0.0f, 1.0f);
        block.direction[k][block.count] = ray.unit[k];
    }
    block.ray[block.count] = &ray;
    block.t[block.count++] = t;
}

void Marcher::blend(const Block& block, const field::Work& work) const {
    for (long b = 0; b < block.count; ++b) {
        MarchRay& ray = *block.ray[b];
        if (block.t[b] > ray.layer) passLayer(ray);
        if (ray.light < kLeastLight) continue;
        const float alpha = 1 - std::exp(-work.values[3][b] * static_cast<float>(m_step)), share = alpha * ray.light;
        for (int k = 0; k < 3; ++k) ray.color[k] += share * work.values[k][b];
        ray.depth += share * block.t[b];
        ray.opacity += share;
        ray.light -= share;
    }
}

/// The layer's surface, as one more sample.
void Marcher::passLayer(MarchRay& ray) const {
    const float* color = m_options.layer->color.values().data() + 4 * ray.pixel;
    for (int k = 0; k < 3; ++k) ray.color[k] += ray.light * color[k];
    ray.depth += ray.light * color[3] * ray.layer;
    ray.opacity += ray.light * color[3];
    ray.light *= 1 - color[3];
    ray.layer = INFINITY;
}

void Marcher::write(const MarchRay& ray, float* color, float& depth) const {
    const auto& back = m_options.background;
    for (std::size_t k = 0; k < 3; ++k) color[k] = ray.color[k] + (back ? ray.light * (*back)[k] : 0);
    color[3] = back ? 1 : ray.opacity;
    depth = ray.opacity > 0 ? ray.depth / ray.opacity : 0;
}

std::uint64_t Marcher::draw(int tileX, int tileY, std::span<float> color, std::span<float> depth) const {
    const field::Kernels& kernels = field::bestKernels();
    const auto work = std::make_unique<field::Work>();
    Block block;
    const field::Samples samples{block.place[0],     block.place[1],     block.place[2],
                                 block.direction[0], block.direction[1], block.direction[2]};
    const int right = std::min(kTile, m_camera.width - tileX * kTile), below = std::min(kTile, m_camera.height - tileY * kTile);
    std::vector<MarchRay> rays(static_cast<std::size_t>(right * below));
    std::vector<MarchRay*> active;
    for (int i = 0; i < right * below; ++i) {
        const int x = tileX * kTile + i % right, y = tileY * kTile + i / right;
        MarchRay& ray = rays[static_cast<std::size_t>(i)];
        ray.pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(m_camera.width) + static_cast<std::size_t>(x);
        if (m_options.layer && m_options.layer->depth.values()[ray.pixel] > 0) ray.layer = m_options.layer->depth.values()[ray.pixel];
        if (start(x, y, ray)) active.push_back(&ray);
    }
    std::uint64_t looked = 0;
    const auto flush = [&] {
        kernels.forward(m_view, samples, 0, block.count, *work);
        blend(block, *work);
        looked += static_cast<std::uint64_t>(block.count);
        block.count = 0;
    };
    while (!active.empty()) {
        std::size_t kept = 0;
        for (MarchRay* ray : active) {
            int pushed = 0;
            while (pushed < kAhead && advance(*ray)) {
                push(*ray, block);
                ++pushed;
                if (block.count == field::kBlock) flush();
            }
            if (pushed == kAhead && ray->light >= kLeastLight) active[kept++] = ray;
        }
        active.resize(kept);
        if (active.empty() || active.size() * kAhead < field::kBlock) flush();
    }
    for (MarchRay& ray : rays) {
        if (ray.layer < INFINITY) passLayer(ray);
        write(ray, color.data() + 4 * ray.pixel, depth[ray.pixel]);
    }
    return looked;
}

class CpuFieldRenderer : public FieldRenderer {
public:
    explicit CpuFieldRenderer(HashField field) : m_field(std::move(field)) { checkField(m_field); }
    std::string name() const override { return std::string("CPU, field (") + field::bestKernels().name + ")"; }
    FieldFrame render(const Camera& camera, const FieldOptions& options, const Cancel& cancel) override {
        return renderField(m_field, camera, options, cancel);
    }

private:
    HashField m_field;
};

} // namespace

void checkField(const HashField& field) {
    if (field.occupancy.side() == 0) throw Error("hash field: has no occupancy grid");
}

void checkLayer(const FieldOptions& options, const Camera& camera) {
    if (!options.layer) return;
    for (const auto& [image, channels] : {std::pair{&options.layer->color, 4}, std::pair{&options.layer->depth, 1}})
        if (image->width() != camera.width || image->height() != camera.height || image->channels() != channels)
            throw Error(fmt::format("hash field: the layer in its view has {}x{}x{} values, expected {}x{}x{}", image->width(),
                                    image->height(), image->channels(), camera.width, camera.height, channels));
}

std::unique_ptr<FieldRenderer> makeCpuFieldRenderer(HashField field) {
    return std::make_unique<CpuFieldRenderer>(std::move(field));
}

FieldFrame renderField(const HashField& field, const Camera& camera, const FieldOptions& options, const Cancel& cancel, TaskPool& pool) {
    checkField(field);
    checkLayer(options, camera);
    FieldFrame frame{Image(camera.width, camera.height, 4, ColorSpace::Raw), Image(camera.width, camera.height, 1, ColorSpace::Raw)};
    const Marcher marcher(field, camera, options);
    const auto color = frame.color.edit(), depth = frame.depth.edit();
    const int across = (camera.width + kTile - 1) / kTile, down = (camera.height + kTile - 1) / kTile;
    std::atomic<std::uint64_t> samples = 0;
    pool.parallelFor(
        static_cast<std::size_t>(across * down), 1,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                samples += marcher.draw(static_cast<int>(i) % across, static_cast<int>(i) / across, color, depth);
        },
        cancel);
    frame.samples = samples;
    return frame;
}

} // namespace ochre
