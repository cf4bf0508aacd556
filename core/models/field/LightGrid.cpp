// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/LightGrid.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ochre::models {
namespace {

constexpr float kLeastOpacity = 1e-3f; // of a cell that holds something, across its side
constexpr float kLeastLight = 1e-3f;   // along rays
constexpr float kLeastShare = 1e-3f;   // of what is seen: of a step through a cell that matters
constexpr float kStep = 0.5f;          // of a cell, along rays

} // namespace

std::array<float, 3> Dice::direction() {
    const float z = 2 * share() - 1, angle = 2 * std::numbers::pi_v<float> * share(), flat = std::sqrt(std::max(0.0f, 1 - z * z));
    return {flat * std::cos(angle), flat * std::sin(angle), z};
}

std::array<float, 3> BoxRay::at(float t) const {
    return {origin[0] + t * direction[0], origin[1] + t * direction[1], origin[2] + t * direction[2]};
}

std::array<float, 2> boxSpan(const BoxRay& ray) {
    std::array<float, 2> span{0, INFINITY};
    for (std::size_t k = 0; k < 3; ++k) {
        const float a = -ray.origin[k] / ray.direction[k], b = (1 - ray.origin[k]) / ray.direction[k];
        span = {std::max(span[0], std::min(a, b)), std::min(span[1], std::max(a, b))};
    }
    return span;
}

LightGrid::LightGrid(int side, std::vector<float> density) : m_side(side), m_density(std::move(density)), m_seen(m_density.size()) {
    std::vector<std::uint8_t> dense(m_density.size());
    for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = m_density[i] >= kLeastOpacity * static_cast<float>(side);
    m_empty = std::ranges::count(dense, 1) == 0;
    m_near = withNeighbours(dense);
}

std::vector<std::uint8_t> LightGrid::withNeighbours(const std::vector<std::uint8_t>& cells) const {
    std::vector<std::uint8_t> near(cells.size());
    const auto n = static_cast<std::size_t>(m_side);
    const auto at = [n](int x, int y, int z) {
        return (static_cast<std::size_t>(z) * n + static_cast<std::size_t>(y)) * n + static_cast<std::size_t>(x);
    };
    for (int z = 0; z < m_side; ++z)
        for (int y = 0; y < m_side; ++y)
            for (int x = 0; x < m_side; ++x) {
                if (!cells[at(x, y, z)]) continue;
                for (int k = std::max(0, z - 1); k <= std::min(m_side - 1, z + 1); ++k)
                    for (int j = std::max(0, y - 1); j <= std::min(m_side - 1, y + 1); ++j)
                        for (int i = std::max(0, x - 1); i <= std::min(m_side - 1, x + 1); ++i) near[at(i, j, k)] = 1;
            }
    return near;
}

std::size_t LightGrid::indexOf(const std::array<float, 3>& place) const {
    std::size_t index = 0;
    for (const std::size_t k : {2u, 1u, 0u}) {
        const int cell = std::clamp(static_cast<int>(place[k] * static_cast<float>(m_side)), 0, m_side - 1);
        index = index * static_cast<std::size_t>(m_side) + static_cast<std::size_t>(cell);
    }
    return index;
}

void LightGrid::walk(const BoxRay& ray) {
    m_steps.clear();
    const auto [begin, end] = boxSpan(ray);
    const float step = kStep / static_cast<float>(m_side);
    float light = 1, seen = 0;
    for (float t = begin; t < end && light > kLeastLight; t += step) {
        const std::size_t cell = indexOf(ray.at(t + 0.5f * step));
        if (!m_near[cell]) continue;
        const float passes = std::exp(-m_density[cell] * step), share = light * (1 - passes);
        if (share >= kLeastShare) m_seen[cell] = 1;
        seen += share;
        light *= passes;
        m_steps.push_back({t, seen});
    }
}

void LightGrid::sample(const BoxRay& ray, std::size_t visible, std::size_t any, Dice& dice, const std::function<void(float)>& take) {
    walk(ray);
    if (m_steps.empty()) return;
    const float step = kStep / static_cast<float>(m_side), seen = m_steps.back().share;
    // Densities of a cell are those of its middle: what is seen may lie a cell nearer or further.
    const auto around = [&](float t) { take(t + step * (0.5f + 2 * (dice.share() + dice.share() - 1))); };
    for (std::size_t i = 0; i < visible && seen > kLeastLight; ++i) {
        const float wanted = dice.share() * seen;
        around(std::ranges::lower_bound(m_steps, wanted, {}, &Step::share)->t);
    }
    for (std::size_t i = 0; i < any; ++i) take(m_steps[dice.below(m_steps.size())].t + step * dice.share());
}

} // namespace ochre::models
