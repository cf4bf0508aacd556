// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Selector.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "core/base/Error.h"
#include "core/base/Log.h"

namespace ochre {
namespace {

constexpr int kRuns = 3;

struct Sample {
    const char* name;
    SplatQuery query;
};

/// One question of each kind that a device answers.
std::vector<Sample> samplesFor(const SplatData& data) {
    Vec3 low, high, center, half;
    for (std::size_t k = 0; k < 3; ++k) {
        low[k] = std::numeric_limits<double>::infinity(), high[k] = -low[k];
        for (std::size_t i = k; i < data.positions.size(); i += 3) low[k] = std::min<double>(low[k], data.positions[i]), high[k] = std::max<double>(high[k], data.positions[i]);
        center[k] = (low[k] + high[k]) / 2;
        half[k] = std::max((high[k] - low[k]) / 4, 1e-6);
    }
    const double radius = half[0] + half[1] + half[2];
    return {{"rectangle", ScreenRegion{Camera::frame({center, radius}, 1280, 720), ScreenRegion::Shape::Rectangle, {{320, 180}, {960, 540}}}},
            {"sphere", SphereRegion{center, radius / 2}},
            {"box", BoxRegion{center, half, {1, 0, 0, 0}}},
            {"color", ColorRange{{0.6, 0.5, 0.4}, 0.2}},
            {"opacity", OpacityRange{0, 0.1}},
            {"size", SizeRange{0, 0.01 * radius}},
            {"luminance", LuminanceRange{0.4, 0.6}}};
}

double milliseconds(const auto& work) {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kRuns; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

} // namespace

bool Selector::onDevice(const SplatQuery& query) const {
    return m_device && query.index() < m_faster.size() && m_faster[query.index()];
}

SplatMask Selector::answer(const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel) {
    if (onDevice(query) && data.opacities.size() >= kWorthATrial) {
        try {
            if (auto found = m_device->answer(query, data, state, cancel)) return std::move(*found);
        } catch (const Error& e) {
            if (e.cancelled()) throw;
            log::warning("selecting on the device: {}", e.full()); // a wrong question is told by the CPU
            m_device.reset();
        }
    }
    return ochre::answer(query, data, cancel);
}

void Selector::tryOut(const SplatData& data, std::uint64_t state, const Cancel& cancel) {
    m_trials.clear();
    m_faster.assign(std::variant_size_v<SplatQuery>, false);
    try {
        if (!m_device) m_device = makeVulkanSelector();
        m_name = m_device->name();
        for (const auto& [name, query] : samplesFor(data)) {
            cancel.check();
            const auto there = m_device->answer(query, data, state, cancel); // sends what it needs
            if (!there) continue;
            Trial trial{.query = name, .same = *there == ochre::answer(query, data, cancel)};
            trial.device = milliseconds([&] { m_device->answer(query, data, state, cancel); });
            trial.cpu = milliseconds([&] { ochre::answer(query, data, cancel); });
            m_faster[query.index()] = trial.same && trial.device < trial.cpu;
            m_trials.push_back(std::move(trial));
        }
    } catch (const Error& e) {
        if (e.cancelled()) throw;
        log::info("splats are selected on the CPU: {}", e.full());
        m_device.reset();
    }
    m_tried = true;
    if (m_device && std::none_of(m_faster.begin(), m_faster.end(), [](bool faster) { return faster; })) m_device.reset();
}

} // namespace ochre
