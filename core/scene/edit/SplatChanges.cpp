// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatChanges.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatValues.h"
#include "core/scene/edit/MaskLoop.h"

namespace ochre {
namespace {

constexpr SplatChanges::Place kNowhere = 0xffffffff;

double checkedFactor(double factor, const char* what) {
    if (!(factor > 0) || !std::isfinite(factor)) throw Error(fmt::format("{} times {}", what, factor), "a factor is a positive number");
    return factor;
}

double mapped(const ColorMap& map, std::size_t row, const double (&rgb)[3]) {
    return map.matrix[3 * row] * rgb[0] + map.matrix[3 * row + 1] * rgb[1] + map.matrix[3 * row + 2] * rgb[2];
}

/// `first`, then `second`.
ColorMap joined(const ColorMap& first, const ColorMap& second) {
    ColorMap both{{}, second.offset};
    for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t k = 0; k < 3; ++k) {
            for (std::size_t c = 0; c < 3; ++c) both.matrix[3 * r + c] += second.matrix[3 * r + k] * first.matrix[3 * k + c];
            both.offset[r] += second.matrix[3 * r + k] * first.offset[k];
        }
    return both;
}

} // namespace

std::optional<SplatChange> changeOf(const SplatEdit& edit) {
    return std::visit([](const auto& step) -> std::optional<SplatChange> {
        if constexpr (std::is_constructible_v<SplatChange, decltype(step)>) return SplatChange(step);
        else return std::nullopt;
    }, edit);
}

void SplatLook::add(const SplatChange& change) {
    if (const auto* move = std::get_if<edits::Move>(&change)) similarity = similarity.then(move->similarity.about(move->pivot));
    if (const auto* grade = std::get_if<edits::Grade>(&change)) colors = joined(colors, colorMapOf(*grade));
    if (const auto* faded = std::get_if<edits::Opacity>(&change)) {
        const double factor = checkedFactor(faded->factor, "opacities");
        opacity *= factor;
        mostOpacity = std::min(1.0, factor * mostOpacity);
    }
    if (const auto* resized = std::get_if<edits::Size>(&change)) size *= checkedFactor(resized->factor, "sizes");
}

ReadyChange::ReadyChange(const SplatChange& change) : m_change(change) {
    if (const auto* move = std::get_if<edits::Move>(&change)) m_mover.emplace(move->similarity.about(move->pivot));
    if (const auto* grade = std::get_if<edits::Grade>(&change)) m_map = colorMapOf(*grade);
    if (const auto* faded = std::get_if<edits::Opacity>(&change)) checkedFactor(faded->factor, "opacities");
    if (const auto* resized = std::get_if<edits::Size>(&change))
        m_larger = static_cast<float>(std::log(checkedFactor(resized->factor, "sizes")));
}

bool ReadyChange::sizes() const {
    const auto* move = std::get_if<edits::Move>(&m_change);
    return std::holds_alternative<edits::Size>(m_change) || (move && move->similarity.scale != 1);
}

void ReadyChange::apply(float* position, float* logScales, float* sh0, float* opacity) const {
    if (m_mover) return m_mover->place(position, logScales);
    if (m_map) {
        const double color[3] = {colorOf(sh0[0]), colorOf(sh0[1]), colorOf(sh0[2])};
        for (std::size_t k = 0; k < 3; ++k) sh0[k] = sh0Of(mapped(*m_map, k, color) + m_map->offset[k]);
    } else if (const auto* faded = std::get_if<edits::Opacity>(&m_change)) {
        *opacity = logit(std::min(1.0, faded->factor * sigmoid(*opacity)));
    } else {
        for (std::size_t k = 0; k < 3; ++k) logScales[k] += m_larger;
    }
}

void ReadyChange::applyRest(float* rotation, float* shRest, int shDegree) const {
    if (m_mover) m_mover->turn(rotation, shRest, shDegree);
    if (!m_map) return;
    const std::size_t rest = shRestCount(shDegree);
    for (std::size_t c = 0; c < rest; ++c) {
        float* sh = shRest + 3 * c;
        const double rgb[3] = {sh[0], sh[1], sh[2]};
        for (std::size_t k = 0; k < 3; ++k) sh[k] = static_cast<float>(mapped(*m_map, k, rgb));
    }
}

void SplatChanges::add(const SplatMask& splats, std::shared_ptr<const ReadyChange> change, std::uint64_t stamp) {
    // Splats at one place stay at one place.
    std::vector<Place> to(m_nodes.size(), kNowhere);
    if (m_nodes.size() > 1) {
        std::vector<std::atomic<std::uint8_t>> found(m_nodes.size());
        forEachIn(splats, [&](std::size_t i) {
            auto& here = found[m_places[i]];
            if (!here.load(std::memory_order_relaxed)) here.store(1, std::memory_order_relaxed);
        });
        for (std::size_t p = 0; p < found.size(); ++p)
            if (found[p]) to[p] = 0;
    } else {
        to[0] = 0;
    }
    for (std::size_t p = 0; p < to.size(); ++p) {
        if (to[p] == kNowhere) continue;
        to[p] = static_cast<Place>(m_nodes.size());
        m_nodes.push_back({static_cast<Place>(p), stamp, change});
    }
    forEachIn(splats, [&](std::size_t i) { m_places[i] = to[m_places[i]]; });
}

void SplatChanges::takeBack(const SplatMask& splats) {
    forEachIn(splats, [&](std::size_t i) { m_places[i] = m_nodes[m_places[i]].before; });
    const std::uint64_t last = m_nodes.back().stamp;
    while (m_nodes.size() > 1 && m_nodes.back().stamp == last) m_nodes.pop_back();
}

void SplatChanges::copy(std::span<const std::uint32_t> splats) {
    m_places.reserve(m_places.size() + splats.size());
    for (const std::uint32_t i : splats) m_places.push_back(m_places[i]);
}

void SplatChanges::resize(std::size_t splats) {
    m_places.resize(splats);
}

std::vector<const ReadyChange*> SplatChanges::way(Place place, std::uint64_t after) const {
    std::vector<const ReadyChange*> way;
    for (; place != 0 && m_nodes[place].stamp > after; place = m_nodes[place].before) way.push_back(m_nodes[place].change.get());
    std::reverse(way.begin(), way.end());
    return way;
}

} // namespace ochre
