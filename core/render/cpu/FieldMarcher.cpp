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
constexpr double kLeastWeight = 0.5; // last of the four box coordinates: less lies before any box
constexpr float kLeastBend = 1e-4f;  // of 1 − bend·t, so that what is infinitely far away has a depth
constexpr float kFurthest = 3e38f;

/// A ray in units of the box, along which t runs evenly there. Sample i is at t = begin + (i + ½)·step.
struct MarchRay {
    float origin[3], direction[3], unit[3]; ///< unit: that of the world in the axes of the field, of unit length
    float start = 0, bend = 0;              ///< z in the camera is start + t / (1 − bend·t)
    float begin, end, step;
    std::int64_t next = 0;
    float light = 1, color[3]{}, depth = 0, opacity = 0, median = 0, stops = FieldFrame::kNothing;
    std::size_t layers = 0;     ///< that were passed or have nothing there
    float layer = INFINITY;     ///< t of the next layer's surface
    std::size_t pixel = 0;

    float t(std::int64_t i) const { return begin + (static_cast<float>(i) + 0.5f) * step; }
    float z(float at) const { return start + at / std::max(1 - bend * at, kLeastBend); }
    /// The share of the light that something at z takes.
    void take(float share, const float* of, float at, float what) {
        for (int k = 0; k < 3; ++k) color[k] += of[k];
        depth += share * at;
        opacity += share;
        if (light > 0.5f && light - share <= 0.5f) {
            median = at;
            stops = what;
        }
        light -= share;
    }
};

/// Samples of a block, and whose they are.
struct Block {
    float place[3][field::kBlock], direction[3][field::kBlock];
    MarchRay* ray[field::kBlock];
    float t[field::kBlock];
    long count = 0;
};

/// A frame's numbers.
struct FramePixels {
    explicit FramePixels(FieldFrame& frame)
        : color(frame.color.edit().data()), depth(frame.depth.edit().data()), median(frame.median.edit().data()),
          stops(frame.stops.edit().data()) {}
    float *color, *depth, *median, *stops;
};

class Marcher {
public:
    Marcher(const HashField& field, const Camera& camera, const FieldOptions& options)
        : m_field(field), m_view(field), m_camera(camera), m_options(options), m_toBox(boxMatrix(field, options)),
          m_toField(inverseSimilarity(options.toWorld)), m_step(std::numbers::sqrt3 / options.steps),
          m_opacity(static_cast<float>(options.opacity)), m_side(static_cast<float>(field.occupancy.side())) {}

    /// One tile into the frame; returns how many samples were looked up.
    std::uint64_t draw(int tileX, int tileY, const FramePixels& frame) const;

private:
    bool start(int x, int y, MarchRay& ray) const;
    bool advance(MarchRay& ray) const;
    float leave(const MarchRay& ray, const int (&cell)[3], float cells, float t) const;
    void push(MarchRay& ray, Block& block) const;
    void blend(const Block& block, const field::Work& work) const;
    void findLayer(MarchRay& ray) const;
    void passLayer(MarchRay& ray) const;
    void grey(float z, float* color) const;
    void write(const MarchRay& ray, const FramePixels& frame) const;

    const HashField& m_field;
    field::View m_view;
    const Camera& m_camera;
    const FieldOptions& m_options;
    std::array<double, 16> m_toBox, m_toField; ///< from the world
    double m_step;                             ///< in sides of the box
    float m_opacity, m_side;                   ///< side: cells along it
};

/// False where the ray misses the box.
bool Marcher::start(int x, int y, MarchRay& ray) const {
    const CameraRay world = m_camera.ray(x, y);
    std::array<double, 4> o{}, d{}; // box coordinates times the last of them
    for (std::size_t r = 0; r < 4; ++r) {
        o[r] = m_toBox[4 * r + 3];
        for (std::size_t k = 0; k < 3; ++k) {
            o[r] += m_toBox[4 * r + k] * world.origin[k];
            d[r] += m_toBox[4 * r + k] * world.direction[k];
        }
    }
    double first = m_camera.near, last = m_camera.far;
    if (d[3] == 0 && o[3] < kLeastWeight) return false;
    if (d[3] > 0) first = std::max(first, (kLeastWeight - o[3]) / d[3]);
    if (d[3] < 0) last = std::min(last, (kLeastWeight - o[3]) / d[3]);
    if (!(first < last)) return false;
    const double from = d[3] == 0 ? 0 : first, weight = o[3] + from * d[3], bend = d[3] / weight;
    const auto bent = [&](double z) { return std::isinf(z) && bend > 0 ? 1 / bend : (z - from) / (1 + bend * (z - from)); };
    double length = 0, lengthSeen = 0, begin = bent(first), end = bend == 0 ? last : bent(last);
    for (std::size_t k = 0; k < 3; ++k) {
        const double at = (o[k] + from * d[k]) / weight, along = d[k] / weight - bend * at;
        if (along == 0 && !(at >= 0 && at < 1)) return false;
        if (along != 0) {
            begin = std::max(begin, std::min(-at / along, (1 - at) / along));
            end = std::min(end, std::max(-at / along, (1 - at) / along));
        }
        ray.origin[k] = static_cast<float>(at);
        ray.direction[k] = static_cast<float>(along);
        length += along * along;
        double seen = 0;
        for (std::size_t i = 0; i < 3; ++i) seen += m_toField[4 * k + i] * world.direction[i];
        ray.unit[k] = static_cast<float>(seen);
        lengthSeen += seen * seen;
    }
    for (float& v : ray.unit) v = static_cast<float>(v / std::sqrt(lengthSeen));
    ray.start = static_cast<float>(from);
    ray.bend = static_cast<float>(bend);
    ray.begin = static_cast<float>(begin);
    ray.end = static_cast<float>(end);
    ray.step = static_cast<float>(m_step / std::sqrt(length));
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
        while (block.t[b] > ray.layer) passLayer(ray);
        if (ray.light < kLeastLight) continue;
        const float alpha = 1 - std::exp(-work.values[3][b] * static_cast<float>(m_step)), share = m_opacity * alpha * ray.light;
        const float z = ray.z(block.t[b]);
        float color[3] = {work.values[0][b], work.values[1][b], work.values[2][b]};
        if (m_options.depthRange) grey(z, color);
        for (float& v : color) v *= share;
        ray.take(share, color, z, FieldFrame::kField);
    }
}

void Marcher::grey(float z, float* color) const {
    const auto [near, far] = *m_options.depthRange;
    const double share = std::clamp((z - near) / (far - near), 0.0, 1.0);
    std::fill_n(color, 3, static_cast<float>(1 - share));
}

/// The next layer that has something in the ray's pixel.
void Marcher::findLayer(MarchRay& ray) const {
    ray.layer = INFINITY;
    for (; ray.layers < m_options.layers.size(); ++ray.layers) {
        const float z = m_options.layers[ray.layers].depth.values()[ray.pixel] - ray.start;
        if (!(z + ray.start > 0)) continue;
        ray.layer = z <= 0 ? z : 1 + ray.bend * z > 0 ? z / (1 + ray.bend * z) : kFurthest;
        return;
    }
}

/// The layer's surface, as one more sample.
void Marcher::passLayer(MarchRay& ray) const {
    const FieldLayer& layer = m_options.layers[ray.layers];
    const float* of = layer.color.values().data() + 4 * ray.pixel;
    const float color[3] = {ray.light * of[0], ray.light * of[1], ray.light * of[2]};
    ray.take(ray.light * of[3], color, layer.depth.values()[ray.pixel], static_cast<float>(ray.layers));
    ++ray.layers;
    findLayer(ray);
}

void Marcher::write(const MarchRay& ray, const FramePixels& frame) const {
    const auto& back = m_options.background;
    float* color = frame.color + 4 * ray.pixel;
    for (std::size_t k = 0; k < 3; ++k) color[k] = ray.color[k] + (back ? ray.light * (*back)[k] : 0);
    color[3] = back ? 1 : ray.opacity;
    frame.depth[ray.pixel] = ray.opacity > 0 ? ray.depth / ray.opacity : 0;
    frame.median[ray.pixel] = ray.median;
    frame.stops[ray.pixel] = ray.stops;
}

std::uint64_t Marcher::draw(int tileX, int tileY, const FramePixels& frame) const {
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
        if (start(x, y, ray)) active.push_back(&ray);
        findLayer(ray);
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
        while (ray.layer < INFINITY) passLayer(ray);
        write(ray, frame);
    }
    return looked;
}

class CpuFieldRenderer : public FieldRenderer {
public:
    explicit CpuFieldRenderer(std::shared_ptr<const HashField> field) : m_field(std::move(field)) { checkField(*m_field); }
    std::string name() const override { return std::string("CPU, field (") + field::bestKernels().name + ")"; }
    FieldFrame render(const Camera& camera, const FieldOptions& options, const Cancel& cancel) override {
        return renderField(*m_field, camera, options, cancel);
    }

private:
    std::shared_ptr<const HashField> m_field;
};

} // namespace

void checkField(const HashField& field) {
    if (field.occupancy.side() == 0) throw Error("hash field: has no occupancy grid");
}

FieldFrame::FieldFrame(const Camera& camera)
    : color(camera.width, camera.height, 4, ColorSpace::Raw), depth(camera.width, camera.height, 1, ColorSpace::Raw),
      median(camera.width, camera.height, 1, ColorSpace::Raw), stops(camera.width, camera.height, 1, ColorSpace::Raw) {}

void checkLayers(const FieldOptions& options, const Camera& camera) {
    if (options.layers.size() > FieldOptions::kMostLayers)
        throw Error(fmt::format("hash field: {} layers in its view, {} at the most", options.layers.size(), FieldOptions::kMostLayers));
    for (const FieldLayer& layer : options.layers)
        for (const auto& [image, channels] : {std::pair{&layer.color, 4}, std::pair{&layer.depth, 1}})
            if (image->width() != camera.width || image->height() != camera.height || image->channels() != channels)
                throw Error(fmt::format("hash field: a layer in its view has {}x{}x{} values, expected {}x{}x{}", image->width(),
                                        image->height(), image->channels(), camera.width, camera.height, channels));
}

std::array<double, 16> boxMatrix(const HashField& field, const FieldOptions& options) {
    return multiplied(field.toBox(), inverseSimilarity(options.toWorld));
}

std::unique_ptr<FieldRenderer> makeCpuFieldRenderer(std::shared_ptr<const HashField> field) {
    return std::make_unique<CpuFieldRenderer>(std::move(field));
}

FieldFrame renderField(const HashField& field, const Camera& camera, const FieldOptions& options, const Cancel& cancel, TaskPool& pool) {
    checkField(field);
    checkLayers(options, camera);
    FieldFrame frame(camera);
    const Marcher marcher(field, camera, options);
    const FramePixels pixels(frame);
    const int across = (camera.width + kTile - 1) / kTile, down = (camera.height + kTile - 1) / kTile;
    std::atomic<std::uint64_t> samples = 0;
    pool.parallelFor(
        static_cast<std::size_t>(across * down), 1,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                samples += marcher.draw(static_cast<int>(i) % across, static_cast<int>(i) / across, pixels);
        },
        cancel);
    frame.samples = samples;
    return frame;
}

} // namespace ochre
