// SPDX-License-Identifier: GPL-3.0-or-later
// Points lie in cubes whose diagonal is the distance: those of one cube are always near each other, and of two cubes one pair
// that is near is enough, so that crowded places cost no more than others (Gunawan 2013, of density-based clustering). Cubes are
// sorted by z, y and x: what surrounds one is a few stretches of them that move along as it does, and nothing is looked up.
#include "core/scene/edit/Neighbours.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"
#include "core/scene/edit/MaskLoop.h"

namespace ochre {
namespace {

constexpr int kReach = 2;            // cubes that a distance of their diagonal reaches across: ⌈√3⌉
constexpr unsigned kMostBits = 21;   // of a key, an axis
constexpr std::size_t kGrain = 8192; // cubes or points
constexpr double kLeeway = 1 + 1e-9; // for the rounding of walls

struct Keyed {
    std::uint64_t key;
    std::uint32_t point;
};

/// By the lowest `bits` of the keys; equal ones stay in their order. Digit by digit, each thread a run of its own.
void sortByKey(std::vector<Keyed>& values, unsigned bits) {
    constexpr unsigned kMostDigit = 11;
    TaskPool& pool = TaskPool::shared();
    const unsigned passes = std::max(1u, (bits + kMostDigit - 1) / kMostDigit), digit = (bits + passes - 1) / passes;
    const std::size_t runs = std::max(1u, pool.threads()), length = (values.size() + runs - 1) / runs, most = std::size_t{1} << digit;
    std::vector<Keyed> room(values.size());
    std::vector<std::vector<std::size_t>> places(runs, std::vector<std::size_t>(most));
    const auto eachRun = [&](const auto& work) {
        pool.parallelFor(runs, 1, [&](std::size_t first, std::size_t last) {
            for (std::size_t r = first; r < last; ++r)
                for (std::size_t i = r * length; i < std::min((r + 1) * length, values.size()); ++i) work(r, values[i]);
        });
    };
    for (unsigned shift = 0; shift < passes * digit; shift += digit) {
        for (auto& of : places) std::fill(of.begin(), of.end(), 0);
        eachRun([&](std::size_t r, const Keyed& value) { ++places[r][value.key >> shift & (most - 1)]; });
        std::size_t at = 0;
        for (std::size_t d = 0; d < most; ++d)
            for (std::size_t r = 0; r < runs; ++r) at += std::exchange(places[r][d], at);
        eachRun([&](std::size_t r, const Keyed& value) { room[places[r][value.key >> shift & (most - 1)]++] = value; });
        values.swap(room);
    }
}

struct Box {
    std::array<float, 3> low, high;
};

Box boxOf(std::span<const float> positions) {
    constexpr float kFar = std::numeric_limits<float>::infinity();
    Box all{{kFar, kFar, kFar}, {-kFar, -kFar, -kFar}};
    std::mutex mutex;
    TaskPool::shared().parallelFor(positions.size() / 3, kGrain, [&](std::size_t first, std::size_t last) {
        Box some{{kFar, kFar, kFar}, {-kFar, -kFar, -kFar}};
        for (std::size_t i = first; i < last; ++i)
            for (std::size_t k = 0; k < 3; ++k) {
                some.low[k] = std::min(some.low[k], positions[3 * i + k]);
                some.high[k] = std::max(some.high[k], positions[3 * i + k]);
            }
        std::lock_guard lock(mutex);
        for (std::size_t k = 0; k < 3; ++k) all.low[k] = std::min(all.low[k], some.low[k]), all.high[k] = std::max(all.high[k], some.high[k]);
    });
    return all;
}

class Cubes {
public:
    Cubes(std::span<const float> positions, double distance) : m_side(distance / std::sqrt(3.0)), m_squared(distance * distance) {
        if (!(distance > 0) || !std::isfinite(distance))
            throw Error(fmt::format("a distance of {} between splats", distance), "it must be a positive number");
        if (positions.empty()) {
            m_ends.push_back(0);
            return;
        }
        findOrigin(positions, distance);
        const std::size_t count = positions.size() / 3;
        std::vector<Keyed> sorted(count);
        const auto each = [&](const auto& work) { TaskPool::shared().parallelFor(count, kGrain, work); };
        each([&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) sorted[i] = {keyOf(&positions[3 * i]), static_cast<std::uint32_t>(i)};
        });
        sortByKey(sorted, m_bits[0] + m_bits[1] + m_bits[2]);
        m_points.resize(count);
        m_positions.resize(3 * count);
        each([&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) {
                m_points[i] = sorted[i].point;
                std::copy_n(&positions[3 * std::size_t{sorted[i].point}], 3, &m_positions[3 * i]);
            }
        });
        for (std::size_t i = 0; i < count; ++i)
            if (i == 0 || sorted[i].key != sorted[i - 1].key) {
                m_keys.push_back(sorted[i].key);
                m_ends.push_back(i);
            }
        m_ends.push_back(count);
    }

    std::size_t count() const { return m_keys.size(); }
    /// Points of a cube are those with the numbers first(cube) to first(cube + 1), and nameOf() tells which they were.
    std::size_t first(std::size_t cube) const { return m_ends[cube]; }
    std::uint32_t nameOf(std::size_t point) const { return m_points[point]; }
    std::uint64_t key(std::size_t cube) const { return m_keys[cube]; }
    const std::vector<std::uint64_t>& keys() const { return m_keys; }

    /// Whether point `a` is near any in from…to of a cube; most are told by the cube's walls.
    bool near(std::size_t a, std::size_t cube, const std::uint32_t* from, const std::uint32_t* to) const {
        const float* p = &m_positions[3 * a];
        double outside = 0;
        std::uint64_t key = m_keys[cube];
        for (std::size_t k = 0; k < 3; ++k) {
            const double low = m_origin[k] + static_cast<double>(key & ((std::uint64_t{1} << m_bits[k]) - 1)) * m_side;
            const double d = std::max({0.0, low - p[k], p[k] - (low + m_side)});
            outside += d * d;
            key >>= m_bits[k];
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

    /// visit(cube, i) for all cubes begin…end that are `wanted` and every others[i], a key, that could hold near points; with `half`
    /// each pair of cubes once.
    template <typename Wanted, typename Visit>
    void around(std::size_t begin, std::size_t end, const std::vector<std::uint64_t>& others, bool half, const Wanted& wanted, const Visit& visit) const {
        if (begin == end) return;
        for (int z = half ? 0 : -kReach; z <= kReach; ++z)
            for (int y = half && z == 0 ? 0 : -kReach; y <= kReach; ++y) {
                const bool own = y == 0 && z == 0;
                const std::uint64_t row = (static_cast<std::uint64_t>(z) << (m_bits[0] + m_bits[1])) + (static_cast<std::uint64_t>(y) << m_bits[0]);
                const auto lowest = [&](std::size_t cube) { return m_keys[cube] + row - (half && own ? 0 : kReach); };
                auto from = std::lower_bound(others.begin(), others.end(), lowest(begin));
                for (std::size_t cube = begin; cube < end; ++cube) {
                    const std::uint64_t least = lowest(cube), most = m_keys[cube] + row + kReach;
                    while (from != others.end() && *from < least) ++from;
                    if (from == others.end()) break;
                    if (*from > most || !wanted(cube)) continue;
                    for (auto other = from; other != others.end() && *other <= most; ++other)
                        if (*other != m_keys[cube]) visit(cube, static_cast<std::size_t>(other - others.begin()));
                }
            }
    }

private:
    /// The corner of the cube 0, 0, 0: so far out that no neighbour has a number below 0; and how many bits the numbers take.
    void findOrigin(std::span<const float> positions, double distance) {
        const auto [low, high] = boxOf(positions);
        constexpr double kMost = static_cast<double>((std::uint64_t{1} << kMostBits) - 1) - kReach - 1;
        for (std::size_t k = 0; k < 3; ++k) {
            m_origin[k] = low[k] - (kReach + 1) * m_side;
            const double across = (high[k] - m_origin[k]) / m_side;
            if (!(across < kMost))
                throw Error(fmt::format("a distance of {} is too small for a cloud that is {} wide", distance, double{high[k]} - low[k]),
                            "choose a larger distance, or crop the cloud first");
            m_bits[k] = static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(across) + kReach + 1));
        }
    }

    std::uint64_t keyOf(const float* position) const {
        std::uint64_t key = 0;
        for (std::size_t k = 3; k-- > 0;) key = key << m_bits[k] | static_cast<std::uint64_t>((position[k] - m_origin[k]) / m_side);
        return key;
    }

    double m_side, m_squared;
    std::array<double, 3> m_origin{};
    std::array<unsigned, 3> m_bits{};
    std::vector<std::uint64_t> m_keys;
    std::vector<std::size_t> m_ends;
    std::vector<std::uint32_t> m_points;
    std::vector<float> m_positions;
};

/// A byte for each cube of a cloud, whether there are points or not: what tells most of what is near to what without looking at points.
class Grid {
public:
    /// Nothing where it would take too many.
    static std::optional<Grid> over(std::span<const float> positions, double distance) {
        constexpr double kMost = 1 << 25;
        if (positions.empty() || !(distance > 0)) return std::nullopt;
        Grid grid;
        const double side = distance / std::sqrt(3.0);
        grid.m_perUnit = 1 / side;
        const Box box = boxOf(positions);
        double cubes = 1;
        for (std::size_t k = 0; k < 3; ++k) {
            grid.m_origin[k] = box.low[k] - (kReach + 1) * side; // one more, for rounding
            const double across = (box.high[k] - grid.m_origin[k]) * grid.m_perUnit + kReach + 2;
            cubes *= across;
            if (!(cubes < kMost)) return std::nullopt;
            grid.m_across[k] = static_cast<std::size_t>(across);
        }
        return grid;
    }

    std::uint32_t at(const float* p) const {
        std::size_t cube = 0;
        for (std::size_t k = 3; k-- > 0;) cube = cube * m_across[k] + static_cast<std::size_t>((p[k] - m_origin[k]) * m_perUnit);
        return static_cast<std::uint32_t>(cube);
    }
    std::vector<std::uint8_t> bytes() const { return std::vector<std::uint8_t>(m_across[0] * m_across[1] * m_across[2]); }
    static void mark(std::vector<std::uint8_t>& bytes, std::uint32_t cube) { std::atomic_ref(bytes[cube]).store(1, std::memory_order_relaxed); }

    /// Those that are marked and all that a distance reaches from them.
    std::vector<std::uint8_t> widened(std::vector<std::uint8_t> from) const {
        std::size_t step = 1;
        for (std::size_t k = 0; k < 3; ++k) { // the borders are empty, so that a row's end does not matter
            std::vector<std::uint8_t> to(from.size());
            const std::size_t reach = kReach * step, inner = from.size() - 2 * reach;
            TaskPool::shared().parallelFor(inner, 1 << 16, [&](std::size_t first, std::size_t last) {
                for (std::size_t i = first; i < last; ++i)
                    to[i + reach] = from[i] | from[i + step] | from[i + reach] | from[i + reach + step] | from[i + 2 * reach];
            });
            from.swap(to);
            step *= m_across[k];
        }
        return from;
    }

private:
    double m_perUnit = 1; ///< cubes
    std::array<double, 3> m_origin{};
    std::array<std::size_t, 3> m_across{};
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
        const auto all = [](std::size_t) { return true; };
        cubes.around(begin, std::min(begin + kGrain, cubes.count()), cubes.keys(), true, all, [&](std::size_t cube, std::size_t other) {
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

namespace {

/// By looking at the points.
SplatMask lookedUp(std::span<const float> positions, const SplatMask& some, double distance, const Cancel& cancel) {
    const Cubes cubes(positions, distance);
    // Points of the set, cube by cube, and the cubes that hold some.
    std::vector<std::uint32_t> inside;
    std::vector<std::uint64_t> keys;
    std::vector<std::size_t> which, ends{0};
    std::vector<std::uint8_t> holds(cubes.count());
    for (std::size_t cube = 0; cube < cubes.count(); ++cube) {
        for (std::size_t point = cubes.first(cube); point < cubes.first(cube + 1); ++point)
            if (some[cubes.nameOf(point)]) inside.push_back(static_cast<std::uint32_t>(point));
        if (inside.size() == ends.back()) continue;
        holds[cube] = 1;
        keys.push_back(cubes.key(cube));
        which.push_back(cube);
        ends.push_back(inside.size());
    }
    // A byte each, since threads may not share the words of a mask.
    std::vector<std::uint8_t> reached(some.size());
    const auto work = [&](std::size_t begin, std::size_t end) {
        for (std::size_t cube = begin; cube < end; ++cube)
            for (std::size_t point = cubes.first(cube); holds[cube] && point < cubes.first(cube + 1); ++point) reached[cubes.nameOf(point)] = 1;
        const auto wanted = [&](std::size_t cube) { return !holds[cube]; };
        cubes.around(begin, end, keys, false, wanted, [&](std::size_t cube, std::size_t other) {
            for (std::size_t point = cubes.first(cube); point < cubes.first(cube + 1); ++point) {
                std::uint8_t& yes = reached[cubes.nameOf(point)];
                if (!yes) yes = cubes.near(point, which[other], inside.data() + ends[other], inside.data() + ends[other + 1]);
            }
        });
    };
    TaskPool::shared().parallelFor(cubes.count(), kGrain, work, cancel);
    SplatMask result(some.size());
    for (std::size_t i = 0; i < reached.size(); ++i)
        if (reached[i]) result.set(i);
    return result;
}

} // namespace

SplatMask within(std::span<const float> positions, const SplatMask& some, double distance, const Cancel& cancel) {
    if (some.size() != positions.size() / 3)
        throw Error(fmt::format("a set of {} splats of a cloud of {}", some.size(), positions.size() / 3));
    const std::optional<Grid> grid = Grid::over(positions, distance);
    if (!grid || some.none()) return lookedUp(positions, some, distance, cancel);
    std::vector<std::uint32_t> cubes(some.size());
    TaskPool::shared().parallelFor(cubes.size(), kGrain, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) cubes[i] = grid->at(&positions[3 * i]);
    }, cancel);
    // Points of a cube that holds some are near to them; those of cubes that none reaches are not. The others are looked at.
    std::vector<std::uint8_t> holds = grid->bytes(), open = grid->bytes();
    forEachIn(some, [&](std::size_t i) { Grid::mark(holds, cubes[i]); });
    const std::vector<std::uint8_t> reach = grid->widened(holds);
    SplatMask found = some, others(some.size(), true), looked(some.size());
    others -= some;
    forEachIn(others, [&](std::size_t i) { // whole words to a thread
        if (holds[cubes[i]]) return found.set(i);
        if (!reach[cubes[i]]) return;
        looked.set(i);
        Grid::mark(open, cubes[i]);
    }, cancel);
    if (looked.none()) return found;
    open = grid->widened(std::move(open));
    forEachIn(some, [&](std::size_t i) {
        if (open[cubes[i]]) looked.set(i);
    });
    const std::vector<std::uint32_t> points = looked.indices();
    std::vector<float> places(3 * points.size());
    SplatMask inside(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
        std::copy_n(&positions[3 * std::size_t{points[i]}], 3, &places[3 * i]);
        inside.set(i, some[points[i]]);
    }
    const SplatMask near = lookedUp(places, inside, distance, cancel);
    for (std::size_t i = 0; i < points.size(); ++i)
        if (near[i]) found.set(points[i]);
    return found;
}

} // namespace ochre
