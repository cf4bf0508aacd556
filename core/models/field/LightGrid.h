// SPDX-License-Identifier: GPL-3.0-or-later
// Densities on a coarse grid, and where rays through it see something: what distilling and occupancy grids are made from.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "core/scene/field/HashField.h"

namespace ochre::models {

/// Random numbers that are the same everywhere.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : m_random(seed) {}
    float share() { return static_cast<float>(m_random() >> 40) * 0x1p-24f; } ///< 0 ≤ x < 1
    std::size_t below(std::size_t count) { return static_cast<std::size_t>(m_random() % count); }
    std::array<float, 3> direction(); ///< of unit length, any as likely as any other

private:
    std::mt19937_64 m_random;
};

/// A ray in units of the box: places are 0…1 along its sides.
struct BoxRay {
    std::array<float, 3> origin, direction; ///< of unit length
    std::array<float, 3> at(float t) const;
};

class LightGrid {
public:
    /// density [side³], x fastest, per side of the box. Cells that hold something, and their neighbours, are looked at.
    LightGrid(int side, std::vector<float> density);

    int side() const { return m_side; }
    bool empty() const { return m_empty; }

    /// Up to `visible` places of a ray, likelier where more of what is seen comes from, and `any` places among those that light
    /// reaches; each is told to `take` as t. Marks the cells in which something is seen.
    void sample(const BoxRay& ray, std::size_t visible, std::size_t any, Dice& dice, const std::function<void(float)>& take);

    /// Cells in which rays saw something so far, and their neighbours.
    std::vector<std::uint8_t> seen() const { return withNeighbours(m_seen); } ///< [side³], 0 or 1

private:
    struct Step {
        float t, share; ///< share: of what is seen, summed up to here
    };
    std::vector<std::uint8_t> withNeighbours(const std::vector<std::uint8_t>& cells) const;
    std::size_t indexOf(const std::array<float, 3>& place) const;
    void walk(const BoxRay& ray);

    int m_side;
    bool m_empty = true;
    std::vector<float> m_density;
    std::vector<std::uint8_t> m_near, m_seen; ///< [side³]: near: holds something or is next to one that does
    std::vector<Step> m_steps; ///< of the present ray, through cells that are near and that light reaches
};

/// Where a ray enters and leaves the box; empty where it misses it.
std::array<float, 2> boxSpan(const BoxRay& ray);

} // namespace ochre::models
