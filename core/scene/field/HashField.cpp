// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/HashField.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre {
namespace {

void check(const HashField::Config& c) {
    if (c.log2Entries < 4 || c.log2Entries > HashField::kMostLog2Entries)
        throw Error(fmt::format("hash field: 2^{} entries a level", c.log2Entries), "4 to 19 are known");
    if (c.coarsest < 2 || c.finest < c.coarsest || c.finest > HashField::kMostCells)
        throw Error(fmt::format("hash field: grids of {} to {} cells", c.coarsest, c.finest), "from 2 to 4096, the coarser first");
    const double side = c.box.max[0] - c.box.min[0];
    for (std::size_t k = 0; k < 3; ++k)
        if (!(side > 0) || !std::isfinite(side) || std::abs(c.box.max[k] - c.box.min[k] - side) > 1e-6 * side)
            throw Error(fmt::format("hash field: the box from {}, {}, {} to {}, {}, {} is no cube", c.box.min[0], c.box.min[1],
                                    c.box.min[2], c.box.max[0], c.box.max[1], c.box.max[2]));
    const auto& scale = c.deviceScale;
    const bool none = scale[0] == 0 && scale[1] == 0;
    if (!none && !(scale[0] > 1e-6 && scale[1] > 1e-6 && scale[0] < 1e6 && scale[1] < 1e6))
        throw Error(fmt::format("hash field: device coordinates of {} by {}", scale[0], scale[1]), "half a picture's width by its focal length, both above 0");
    if (c.forwardFacing() && (c.box.max[2] > 1 + 1e-9 || c.box.min[2] < -3))
        throw Error(fmt::format("hash field: device coordinates from {} to {} along z", c.box.min[2], c.box.max[2]), "they end at 1, and begin at -3 or later");
}

} // namespace

OccupancyGrid::OccupancyGrid(int side) : m_side(side) {
    const auto n = static_cast<std::size_t>(side), coarse = n / kCoarse;
    m_bits.resize(n * n * n / 8);
    m_coarse.resize(coarse * coarse * coarse);
}

void OccupancyGrid::occupy(int x, int y, int z) {
    m_bits[index(x, y, z) >> 3] |= static_cast<std::uint8_t>(1 << (index(x, y, z) & 7));
    m_coarse[coarseIndex(x / kCoarse, y / kCoarse, z / kCoarse)] = 1;
}

std::size_t OccupancyGrid::count() const {
    std::size_t count = 0;
    for (const std::uint8_t bits : m_bits) count += static_cast<std::size_t>(std::popcount(bits));
    return count;
}

OccupancyGrid OccupancyGrid::fromBits(int side, std::vector<std::uint8_t> bits) {
    OccupancyGrid grid(side);
    grid.m_bits = std::move(bits);
    for (int z = 0; z < side; ++z)
        for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x)
                if (grid.occupied(x, y, z)) grid.m_coarse[grid.coarseIndex(x / kCoarse, y / kCoarse, z / kCoarse)] = 1;
    return grid;
}

HashField::HashField(const Config& c) : config(c), layers(LayersEnd) {
    check(c);
    const double growth = std::pow(static_cast<double>(c.finest) / c.coarsest, 1.0 / (kLevels - 1));
    const std::uint64_t most = std::uint64_t{1} << c.log2Entries;
    std::uint32_t offset = 0;
    for (std::size_t l = 0; l < kLevels; ++l) {
        const auto cells = static_cast<std::uint32_t>(c.coarsest * std::pow(growth, static_cast<double>(l)) + 1e-6);
        const std::uint64_t corners = std::uint64_t{cells + 1} * (cells + 1) * (cells + 1);
        levels[l] = {cells, static_cast<std::uint32_t>(std::min(corners, most)), offset, corners <= most};
        offset += levels[l].entries;
    }
    table.resize(std::size_t{offset} * kFeatures);
}

std::array<double, 16> HashField::toBox() const {
    const double s = side();
    const auto& low = config.box.min;
    if (!config.forwardFacing())
        return {1 / s, 0, 0, -low[0] / s, 0, 1 / s, 0, -low[1] / s, 0, 0, 1 / s, -low[2] / s, 0, 0, 0, 1};
    // Coordinates times −z, which is the last row: (x / scale₀, y / scale₁, −z − 2).
    const double x = 1 / (config.deviceScale[0] * s), y = 1 / (config.deviceScale[1] * s);
    return {x, 0, low[0] / s, 0, 0, y, low[1] / s, 0, 0, 0, (low[2] - 1) / s, -2 / s, 0, 0, -1, 0};
}

Bounds HashField::occupied() const {
    const int n = occupancy.side();
    std::array<int, 3> low{n, n, n}, high{-1, -1, -1};
    for (int z = 0; z < n; ++z)
        for (int y = 0; y < n; ++y)
            for (int x = 0; x < n; ++x) {
                if (!occupancy.occupied(x, y, z)) continue;
                const int cell[3] = {x, y, z};
                for (std::size_t k = 0; k < 3; ++k) {
                    low[k] = std::min(low[k], cell[k]);
                    high[k] = std::max(high[k], cell[k]);
                }
            }
    Bounds b{{0, 0, 0}, {1, 1, 1}};
    for (std::size_t k = 0; k < 3 && high[0] >= 0; ++k) {
        b.min[k] = static_cast<double>(low[k]) / n;
        b.max[k] = static_cast<double>(high[k] + 1) / n;
    }
    return b;
}

Focus HashField::focus() const {
    const Bounds b = occupied();
    Focus focus;
    double square = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        focus.center[k] = config.box.min[k] + side() * (b.min[k] + b.max[k]) / 2;
        square += side() * side() * (b.max[k] - b.min[k]) * (b.max[k] - b.min[k]) / 4;
    }
    focus.radius = std::max(1e-6, std::sqrt(square));
    if (!config.forwardFacing()) return focus;
    // On the axis, where half of the light comes from at the most: a scene that goes to infinity has no middle.
    const double z = 2 / (std::min(focus.center[2], 0.5) - 1);
    return {{0, 0, z}, -z * config.deviceScale[1]};
}

} // namespace ochre
