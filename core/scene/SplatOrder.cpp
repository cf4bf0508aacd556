// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatOrder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace ochre {
namespace {

/// The 21 low bits, each three places from the next.
std::uint64_t spread(std::uint64_t v) {
    v = (v | v << 32) & 0x1f00000000ffffull;
    v = (v | v << 16) & 0x1f0000ff0000ffull;
    v = (v | v << 8) & 0x100f00f00f00f00full;
    v = (v | v << 4) & 0x10c30c30c30c30c3ull;
    return (v | v << 2) & 0x1249249249249249ull;
}

} // namespace

std::vector<std::uint32_t> mortonOrder(std::span<const float> positions) {
    const std::size_t n = positions.size() / 3;
    std::array<double, 3> low{}, size{};
    for (std::size_t k = 0; k < 3 && n > 0; ++k) {
        double high = low[k] = positions[k];
        for (std::size_t i = k; i < positions.size(); i += 3) {
            low[k] = std::min(low[k], double{positions[i]});
            high = std::max(high, double{positions[i]});
        }
        size[k] = high - low[k];
    }
    constexpr double kSteps = (1 << 21) - 1;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> keyed(n);
    for (std::size_t i = 0; i < n; ++i) {
        std::uint64_t key = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            const double t = size[k] > 0 ? (positions[3 * i + k] - low[k]) / size[k] : 0;
            key |= spread(static_cast<std::uint64_t>(t * kSteps)) << k;
        }
        keyed[i] = {key, static_cast<std::uint32_t>(i)};
    }
    std::sort(keyed.begin(), keyed.end());
    std::vector<std::uint32_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = keyed[i].second;
    return order;
}

} // namespace ochre
