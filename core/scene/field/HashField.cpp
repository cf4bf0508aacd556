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

std::array<float, 3> HashField::toBox(const std::array<double, 3>& world) const {
    std::array<float, 3> place{};
    for (std::size_t k = 0; k < 3; ++k) place[k] = static_cast<float>((world[k] - config.box.min[k]) / side());
    return place;
}

} // namespace ochre
