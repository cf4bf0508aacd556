// SPDX-License-Identifier: GPL-3.0-or-later
// Points lie in cubes whose diagonal is the distance: those of one cube are always near each other, and of two cubes one pair
// that is near is enough, so that crowded places cost no more than others (Gunawan 2013, of density-based clustering). Cubes are
// sorted by z, y and x: what surrounds one is a few stretches of them that move along as it does, and nothing is looked up.
#include "core/scene/edit/Neighbours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"

namespace ochre {
namespace {

constexpr int kReach = 2;            // cubes that a distance of their diagonal reaches across: ⌈√3⌉
constexpr int kBits = 21;            // of a key, an axis
constexpr std::size_t kGrain = 8192; // cubes
constexpr double kLeeway = 1 + 1e-9; // for the rounding of walls

class Cubes {
public:
    Cubes(std::span<const float> positions, double distance) : m_side(distance / std::sqrt(3.0)), m_squared(distance * distance) {
        if (!(distance > 0) || !std::isfinite(distance))
            throw Error(fmt::format("a distance of {} between splats", distance), "it must be a positive number");
        if (positions.empty()) return;
        findOrigin(positions, distance);
        const std::size_t count = positions.size() / 3;
        std::vector<std::pair<std::uint64_t, std::uint32_t>> sorted(count);
        TaskPool::shared().parallelFor(count, kGrain, [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) sorted[i] = {keyOf(&positions[3 * i]), static_cast<std::uint32_t>(i)};
        });
        std::sort(sorted.begin(), sorted.end());
        m_points.reserve(count);
        m_positions.reserve(3 * count);
        for (std::size_t i = 0; i < count; ++i) {
            const auto [key, point] = sorted[i];
            if (m_keys.empty() || key != m_keys.back()) {
                m_keys.push_back(key);
                m_ends.push_back(i);
            }
            m_points.push_back(point);
            m_positions.insert(m_positions.end(), &positions[3 * std::size_t{point}], &positions[3 * std::size_t{point}] + 3);
        }
        m_ends.push_back(count);
    }

    std::size_t count() const { return m_keys.size(); }
    /// Points of a cube are those with the numbers first(cube) to first(cube + 1), and nameOf() tells which they were.
    std::size_t first(std::size_t cube) const { return m_ends[cube]; }
    std::uint32_t nameOf(std::size_t point) const { return m_points[point]; }

    /// Whether point `a` is near any in from…to of a cube; most are told by the cube's walls.
    bool near(std::size_t a, std::size_t cube, const std::uint32_t* from, const std::uint32_t* to) const {
        const float* p = &m_positions[3 * a];
        double outside = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            const double low = m_origin[k] + static_cast<double>(m_keys[cube] >> (kBits * k) & kMask) * m_side;
            const double d = std::max({0.0, low - p[k], p[k] - (low + m_side)});
            outside += d * d;
        }
        if (outside > m_squared * kLeeway) return false;
        return std::any_of(from, to, [&](std::size_t b) {
            double square = 0;
            for (std::size_t k = 0; k < 3; ++k) {
                const double d = double{p[k]} - m_positions[3 * b + k];
                square += d * d;
            }
            return square <= m_squared;
        });
    }

    /// visit(cube, other) for all others that could hold near points of cubes begin…end; with `half` each pair once.
    template <typename Visit>
    void around(std::size_t begin, std::size_t end, bool half, const Visit& visit) const {
        if (begin == end) return;
        for (int z = half ? 0 : -kReach; z <= kReach; ++z)
            for (int y = half && z == 0 ? 0 : -kReach; y <= kReach; ++y) {
                const bool own = y == 0 && z == 0;
                const std::uint64_t row = (static_cast<std::uint64_t>(z) << (2 * kBits)) + (static_cast<std::uint64_t>(y) << kBits);
                const auto lowest = [&](std::size_t cube) { return m_keys[cube] + row - (half && own ? 0 : kReach); };
                std::size_t from = static_cast<std::size_t>(std::lower_bound(m_keys.begin(), m_keys.end(), lowest(begin)) - m_keys.begin());
                for (std::size_t cube = begin; cube < end; ++cube) {
                    const std::uint64_t least = lowest(cube), most = m_keys[cube] + row + kReach;
                    while (from < m_keys.size() && m_keys[from] < least) ++from;
                    for (std::size_t other = from; other < m_keys.size() && m_keys[other] <= most; ++other)
                        if (other != cube) visit(cube, other);
                }
            }
    }

private:
    static constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;

    /// The corner of the cube 0, 0, 0: so far out that no neighbour has a number below 0.
    void findOrigin(std::span<const float> positions, double distance) {
        for (std::size_t k = 0; k < 3; ++k) {
            double low = positions[k], high = low;
            for (std::size_t i = k; i < positions.size(); i += 3) {
                low = std::min(low, double{positions[i]});
                high = std::max(high, double{positions[i]});
            }
            m_origin[k] = low - (kReach + 1) * m_side;
            if (!((high - m_origin[k]) / m_side < static_cast<double>(kMask) - kReach - 1))
                throw Error(fmt::format("a distance of {} is too small for a cloud that is {} wide", distance, high - low),
                            "choose a larger distance, or crop the cloud first");
        }
    }

    std::uint64_t keyOf(const float* position) const {
        std::uint64_t key = 0;
        for (std::size_t k = 3; k-- > 0;) key = key << kBits | static_cast<std::uint64_t>((position[k] - m_origin[k]) / m_side);
        return key;
    }

    double m_side, m_squared;
    std::array<double, 3> m_origin{};
    std::vector<std::uint64_t> m_keys;
    std::vector<std::size_t> m_ends;
    std::vector<std::uint32_t> m_points;
    std::vector<float> m_positions;
};

/// The root of a tree, whose paths grow shorter on the way.
std::size_t rootOf(std::vector<std::size_t>& parents, std::size_t i) {
    while (parents[i] != i) i = parents[i] = parents[parents[i]];
    return i;
}

} // namespace

std::vector<std::uint32_t> groupSizes(std::span<const float> positions, double distance, const Cancel& cancel) {
    const Cubes cubes(positions, distance);
    std::vector<std::size_t> parents(cubes.count());
    std::iota(parents.begin(), parents.end(), std::size_t{0});
    std::vector<std::uint32_t> numbers(positions.size() / 3);
    std::iota(numbers.begin(), numbers.end(), 0u);
    for (std::size_t begin = 0; begin < cubes.count(); begin += kGrain) {
        cancel.check();
        cubes.around(begin, std::min(begin + kGrain, cubes.count()), true, [&](std::size_t cube, std::size_t other) {
            const std::size_t a = rootOf(parents, cube), b = rootOf(parents, other);
            if (a == b) return;
            for (std::size_t point = cubes.first(cube); point < cubes.first(cube + 1); ++point)
                if (cubes.near(point, other, numbers.data() + cubes.first(other), numbers.data() + cubes.first(other + 1))) {
                    parents[std::max(a, b)] = std::min(a, b);
                    return;
                }
        });
    }
    std::vector<std::size_t> sums(cubes.count(), 0);
    for (std::size_t cube = 0; cube < cubes.count(); ++cube) sums[rootOf(parents, cube)] += cubes.first(cube + 1) - cubes.first(cube);
    std::vector<std::uint32_t> sizes(numbers.size());
    for (std::size_t cube = 0; cube < cubes.count(); ++cube)
        for (std::size_t point = cubes.first(cube); point < cubes.first(cube + 1); ++point)
            sizes[cubes.nameOf(point)] = static_cast<std::uint32_t>(sums[rootOf(parents, cube)]);
    return sizes;
}

SplatMask within(std::span<const float> positions, const SplatMask& some, double distance, const Cancel& cancel) {
    if (some.size() != positions.size() / 3)
        throw Error(fmt::format("a set of {} splats of a cloud of {}", some.size(), positions.size() / 3));
    const Cubes cubes(positions, distance);
    std::vector<std::uint32_t> inside; // points of the set, cube by cube
    std::vector<std::size_t> ends{0};
    for (std::size_t cube = 0; cube < cubes.count(); ++cube) {
        for (std::size_t point = cubes.first(cube); point < cubes.first(cube + 1); ++point)
            if (some[cubes.nameOf(point)]) inside.push_back(static_cast<std::uint32_t>(point));
        ends.push_back(inside.size());
    }
    // A byte each, since threads may not share the words of a mask.
    std::vector<std::uint8_t> reached(some.size());
    const auto work = [&](std::size_t begin, std::size_t end) {
        for (std::size_t cube = begin; cube < end; ++cube)
            for (std::size_t point = cubes.first(cube); ends[cube] != ends[cube + 1] && point < cubes.first(cube + 1); ++point)
                reached[cubes.nameOf(point)] = 1;
        cubes.around(begin, end, false, [&](std::size_t cube, std::size_t other) {
            if (ends[cube] != ends[cube + 1] || ends[other] == ends[other + 1]) return;
            for (std::size_t point = cubes.first(cube); point < cubes.first(cube + 1); ++point) {
                std::uint8_t& yes = reached[cubes.nameOf(point)];
                if (!yes) yes = cubes.near(point, other, inside.data() + ends[other], inside.data() + ends[other + 1]);
            }
        });
    };
    TaskPool::shared().parallelFor(cubes.count(), kGrain, work, cancel);
    SplatMask result(some.size());
    for (std::size_t i = 0; i < reached.size(); ++i)
        if (reached[i]) result.set(i);
    return result;
}

} // namespace ochre
