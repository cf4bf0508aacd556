// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/Distill.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/base/Error.h"
#include "core/models/field/LightGrid.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr std::size_t kAsked = 8192; // points that the network is asked for at a time
constexpr std::size_t kVisible = 3, kAny = 1; // samples of a ray
constexpr float kLeastOpacity = 2e-3f; // across a cell, of one that is not empty
constexpr int kProbes = 2;             // along a cell's side, to tell
constexpr float kComparedCells = 0.4f; // of the occupancy grid, over which densities are compared
constexpr int kLastSteps = 50;         // whose loss is told
constexpr double kForwardFov = 50, kForwardAspect = 4.0 / 3; // of forward-facing scenes
constexpr double kBeside = 1.6;        // device coordinates of the sides of their box; 1 is the picture's edge
constexpr float kSeenBeside = 1.08f;   // of views that are learnt from

/// A ray in the box, and its direction in the world, which is what networks see.
struct SeenRay {
    BoxRay ray;
    std::array<float, 3> seen; ///< of unit length
};

std::array<float, 3> unit(std::array<float, 3> v) {
    const float length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (float& x : v) x /= length;
    return v;
}

class Distiller {
public:
    Distiller(const NerfScene& scene, const DistillOptions& options, TaskPool& pool, const Cancel& cancel)
        : m_network(scene.finest()), m_options(options), m_pool(pool), m_cancel(cancel), m_dice(options.seed), m_field(options.field) {}

    LightGrid look(const Progress& progress);
    void ask(LightGrid& grid, const Progress& progress);
    double learn(const Progress& progress);
    void occupy(const LightGrid& grid);
    HashField take() { return std::move(m_field); }

private:
    float side() const { return static_cast<float>(m_field.side()); }
    void pushWorld(std::vector<float>& points, const std::array<float, 3>& place) const;
    SeenRay randomRay() { return m_field.config.forwardFacing() ? forwardRay() : rayFromAround(); }
    SeenRay rayFromAround();
    SeenRay forwardRay();
    void label(FieldSamples& samples, std::size_t begin, std::size_t end) const;

    const Nerf& m_network;
    const DistillOptions& m_options;
    TaskPool& m_pool;
    const Cancel& m_cancel;
    Dice m_dice;
    HashField m_field;
    FieldSamples m_samples;
};

void Distiller::pushWorld(std::vector<float>& points, const std::array<float, 3>& place) const {
    for (std::size_t k = 0; k < 3; ++k) points.push_back(static_cast<float>(m_field.config.box.min[k]) + side() * place[k]);
}

/// The network's densities in the middles of the cells.
LightGrid Distiller::look(const Progress& progress) {
    const auto n = static_cast<std::size_t>(m_options.occupancySide);
    const auto middle = [n](std::size_t cell) { return (static_cast<float>(cell) + 0.5f) / static_cast<float>(n); };
    std::vector<float> density;
    density.reserve(n * n * n);
    while (density.size() < n * n * n) {
        const std::size_t begin = density.size(), end = std::min(n * n * n, begin + kAsked);
        std::vector<float> points;
        for (std::size_t i = begin; i < end; ++i) pushWorld(points, {middle(i % n), middle(i / n % n), middle(i / n / n)});
        const auto rows = static_cast<std::int64_t>(end - begin);
        const std::vector<float> found = nn::toValues(m_network.density(nn::fromValues(points, {rows, 3})));
        for (std::size_t i = 0; i < found.size(); ++i) {
            const bool before = m_field.config.forwardFacing() && points[3 * i + 2] < -1; // the near plane
            density.push_back(before ? 0 : std::max(0.0f, found[i]) * side());
        }
        progress.report(end, n * n * n, "looking for the scene");
    }
    return {m_options.occupancySide, std::move(density)};
}

/// From a place on the sphere of cameras through any place in the box.
SeenRay Distiller::rayFromAround() {
    const std::array<float, 3> camera = m_dice.direction();
    const float distance = static_cast<float>(m_options.cameraDistance) / side();
    BoxRay ray;
    for (std::size_t k = 0; k < 3; ++k) {
        ray.origin[k] = 0.5f + distance * camera[k];
        ray.direction[k] = m_dice.share() - ray.origin[k];
    }
    ray.direction = unit(ray.direction);
    return {ray, ray.direction};
}

/// From about the origin through any place of the picture there; begins at the near plane.
SeenRay Distiller::forwardRay() {
    const auto& config = m_field.config;
    const auto reach = static_cast<float>(m_options.cameraReach);
    std::array<float, 3> seen{0, 0, -1}, from{0, 0, -1}, to{0, 0, 1}; // device coordinates at the near plane and at infinity
    for (std::size_t k = 0; k < 2; ++k) {
        const auto scale = static_cast<float>(config.deviceScale[k]);
        to[k] = kSeenBeside * (2 * m_dice.share() - 1);
        seen[k] = scale * to[k];
        from[k] = to[k] + reach * (2 * m_dice.share() - 1) / scale;
    }
    BoxRay ray;
    for (std::size_t k = 0; k < 3; ++k) {
        ray.origin[k] = (from[k] - static_cast<float>(config.box.min[k])) / side();
        ray.direction[k] = to[k] - from[k];
    }
    ray.direction = unit(ray.direction);
    return {ray, unit(seen)};
}

/// What the network says of samples whose places and directions are set.
void Distiller::label(FieldSamples& s, std::size_t begin, std::size_t end) const {
    std::vector<float> points, directions;
    for (std::size_t i = begin; i < end; ++i) {
        pushWorld(points, {s.x[i], s.y[i], s.z[i]});
        directions.insert(directions.end(), {s.dx[i], s.dy[i], s.dz[i]});
    }
    const auto rows = static_cast<std::int64_t>(end - begin);
    const std::vector<float> raw = nn::toValues(m_network.forward(nn::fromValues(points, {rows, 3}), nn::fromValues(directions, {rows, 3})));
    const float compared = kComparedCells / static_cast<float>(m_options.occupancySide);
    for (std::size_t i = begin; i < end; ++i) {
        const float* v = raw.data() + 4 * (i - begin);
        s.density[i] = std::max(0.0f, v[3]) * side();
        s.red[i] = 1 / (1 + std::exp(-v[0]));
        s.green[i] = 1 / (1 + std::exp(-v[1]));
        s.blue[i] = 1 / (1 + std::exp(-v[2]));
        s.weight[i] = 1 - std::exp(-s.density[i] * compared);
    }
}

void Distiller::ask(LightGrid& grid, const Progress& progress) {
    const std::size_t wanted = m_options.samples;
    m_samples.resize(wanted);
    std::size_t count = 0, labelled = 0;
    while (count < wanted) {
        m_cancel.check();
        const auto [ray, seen] = randomRay();
        grid.sample(ray, kVisible, kAny, m_dice, [&](float t) {
            if (count == wanted) return;
            const std::array<float, 3> place = ray.at(t);
            for (const float v : place)
                if (!(v >= 0 && v <= 1)) return;
            m_samples.x[count] = place[0];
            m_samples.y[count] = place[1];
            m_samples.z[count] = place[2];
            m_samples.dx[count] = seen[0];
            m_samples.dy[count] = seen[1];
            m_samples.dz[count] = seen[2];
            ++count;
        });
        if (count < wanted && count - labelled < kAsked) continue;
        label(m_samples, labelled, count);
        labelled = count;
        progress.report(count, wanted, "asking the network");
    }
}

double Distiller::learn(const Progress& progress) {
    FieldLearner learner(m_field, m_options.seed, m_pool);
    FieldSamples batch;
    batch.resize(m_options.batch);
    const float compared = kComparedCells / static_cast<float>(m_options.occupancySide);
    double loss = 0;
    for (int step = 0; step < m_options.steps; ++step) {
        m_cancel.check();
        for (std::size_t i = 0; i < batch.size(); ++i) batch.copy(i, m_samples, m_dice.below(m_samples.size()));
        const float share = static_cast<float>(step) / static_cast<float>(m_options.steps);
        const double now = learner.step(batch, compared, m_options.rate * std::pow(m_options.lastRate / m_options.rate, share));
        if (step >= m_options.steps - kLastSteps) loss += now / std::min(kLastSteps, m_options.steps);
        progress.report(static_cast<std::uint64_t>(step) + 1, static_cast<std::uint64_t>(m_options.steps), "learning");
    }
    return loss;
}

/// Of the cells that rays reached, those in which the field holds something.
void Distiller::occupy(const LightGrid& grid) {
    const int n = grid.side();
    const field::Kernels& kernels = field::bestKernels();
    const field::View view(m_field);
    OccupancyGrid occupancy(n);
    field::Work work;
    for (int z = 0; z < n; ++z)
        for (int y = 0; y < n; ++y)
            for (int x = 0; x < n; ++x) {
                if (!grid.reached()[static_cast<std::size_t>((z * n + y) * n + x)]) continue;
                constexpr int kCount = kProbes * kProbes * kProbes;
                float at[3][kCount];
                for (int i = 0; i < kCount; ++i) {
                    const int of[3] = {i % kProbes, i / kProbes % kProbes, i / kProbes / kProbes}, cell[3] = {x, y, z};
                    for (int k = 0; k < 3; ++k)
                        at[k][i] = (static_cast<float>(cell[k]) + (static_cast<float>(of[k]) + 0.5f) / kProbes) / static_cast<float>(n);
                }
                kernels.density(view, {at[0], at[1], at[2], nullptr, nullptr, nullptr}, 0, kCount, work);
                if (*std::max_element(work.values[3], work.values[3] + kCount) >= kLeastOpacity * static_cast<float>(n))
                    occupancy.occupy(x, y, z);
            }
    m_field.occupancy = std::move(occupancy);
}

} // namespace

DistillOptions usualDistilling(bool forwardFacing) {
    DistillOptions options;
    if (!forwardFacing) return options;
    const double scale = std::tan(kForwardFov * std::numbers::pi / 360);
    options.samples = 6'000'000; // they fill the picture
    options.steps = 3000;
    options.field = {.log2Entries = 19,
                     .finest = 1024,
                     .box = {{-kBeside, -kBeside, 1 - 2 * kBeside}, {kBeside, kBeside, 1}},
                     .up = {0, 1, 0},
                     .deviceScale = {kForwardAspect * scale, scale}};
    return options;
}

HashField distill(const NerfScene& scene, const DistillOptions& options, const Progress& progress, const Cancel& cancel, TaskPool& pool,
                  DistillReport* report) {
    DistillReport done;
    HashField field;
    tensor::run(cancel, [&] {
        using Clock = std::chrono::steady_clock;
        auto before = Clock::now();
        const auto seconds = [&before] {
            const auto from = std::exchange(before, Clock::now());
            return std::chrono::duration<double>(before - from).count();
        };
        Distiller distiller(scene, options, pool, cancel);
        LightGrid grid = distiller.look(progress.part(0, 0.05));
        if (grid.empty())
            throw Error("distilling: the network has no density in the box", "its scene lies elsewhere; choose another box");
        done.seconds[0] = seconds();
        distiller.ask(grid, progress.part(0.05, 0.4));
        done.seconds[1] = seconds();
        done.loss = distiller.learn(progress.part(0.4, 1));
        done.seconds[2] = seconds();
        distiller.occupy(grid);
        field = distiller.take();
    });
    done.occupied = field.occupancy.count();
    if (report) *report = done;
    return field;
}

} // namespace ochre::models
