// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/KMeans.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "core/base/TaskPool.h"

namespace ochre {
namespace {

constexpr std::size_t kSample = std::size_t{1} << 20; // numbers that a codebook is made from
constexpr int kCodebookSteps = 40, kSettlingSteps = 10; // in the last ones unused numbers of a codebook are not given away
constexpr int kGroupSteps = 10, kCenterSteps = 6;
constexpr std::size_t kGroupSample = 32768, kMembersPerCenter = 32;

using Indices = std::vector<std::uint32_t>;

/// Evenly strided, ends included.
std::vector<float> sortedSample(std::span<const float> values) {
    std::vector<float> sample;
    const std::size_t n = values.size(), count = std::min(n, kSample);
    sample.reserve(count + 2);
    for (std::size_t i = 0; i < count; ++i) sample.push_back(values[i * n / count]);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    sample.push_back(*low);
    sample.push_back(*high);
    std::sort(sample.begin(), sample.end());
    return sample;
}

Indices strided(std::size_t n, std::size_t count) {
    Indices indices(std::min(n, count));
    for (std::size_t i = 0; i < indices.size(); ++i)
        indices[i] = static_cast<std::uint32_t>(i * n / indices.size());
    return indices;
}

/// Centres side by side for each dimension, so that a point meets many of them in one instruction.
class Centers {
public:
    Centers(std::span<const float> points, std::size_t dimension, const Indices& first)
        : m_points(points), m_dimension(dimension), m_count(first.size()),
          m_values(dimension * first.size()) {
        for (std::size_t c = 0; c < m_count; ++c)
            for (std::size_t k = 0; k < dimension; ++k)
                m_values[k * m_count + c] = points[first[c] * dimension + k];
    }

    std::size_t count() const { return m_count; }
    float value(std::size_t center, std::size_t k) const { return m_values[k * m_count + center]; }

    std::uint32_t nearest(std::uint32_t point, std::vector<float>& distances) const {
        distances.assign(m_count, 0);
        for (std::size_t k = 0; k < m_dimension; ++k) {
            const float p = m_points[point * m_dimension + k];
            const float* row = &m_values[k * m_count];
            for (std::size_t c = 0; c < m_count; ++c) distances[c] += (p - row[c]) * (p - row[c]);
        }
        return static_cast<std::uint32_t>(std::min_element(distances.begin(), distances.end()) -
                                          distances.begin());
    }

    /// Each centre to the mean of the members nearest to it; one without any stays.
    void improve(const Indices& members) {
        std::vector<double> sums(m_values.size());
        std::vector<std::size_t> counts(m_count);
        std::vector<float> distances;
        for (const std::uint32_t member : members) {
            const std::uint32_t c = nearest(member, distances);
            ++counts[c];
            for (std::size_t k = 0; k < m_dimension; ++k)
                sums[k * m_count + c] += m_points[member * m_dimension + k];
        }
        for (std::size_t k = 0; k < m_dimension; ++k)
            for (std::size_t c = 0; c < m_count; ++c)
                if (counts[c] > 0)
                    m_values[k * m_count + c] =
                        static_cast<float>(sums[k * m_count + c] / static_cast<double>(counts[c]));
    }

private:
    std::span<const float> m_points;
    std::size_t m_dimension, m_count;
    std::vector<float> m_values; ///< [D,M]
};

std::vector<Indices> groupsOf(std::span<const float> points, std::size_t dimension, std::size_t groups,
                              const Cancel& cancel) {
    const std::size_t n = points.size() / dimension;
    const Indices sample = strided(n, kGroupSample);
    Centers centers(points, dimension, strided(n, groups));
    for (int step = 0; step < kGroupSteps; ++step) {
        cancel.check();
        centers.improve(sample);
    }
    Indices labels(n);
    TaskPool::shared().parallelFor(
        n, 1024,
        [&](std::size_t first, std::size_t last) {
            std::vector<float> distances;
            for (std::size_t i = first; i < last; ++i)
                labels[i] = centers.nearest(static_cast<std::uint32_t>(i), distances);
        },
        cancel);
    std::vector<Indices> members(centers.count());
    for (std::size_t i = 0; i < n; ++i) members[labels[i]].push_back(static_cast<std::uint32_t>(i));
    std::erase_if(members, [](const Indices& m) { return m.empty(); });
    return members;
}

/// Centres for each group by its share of the points: one at least, and `size` in all at most.
std::vector<std::size_t> sharesOf(const std::vector<Indices>& groups, std::size_t n, std::size_t size) {
    std::vector<std::size_t> shares;
    std::size_t left = size - groups.size(); // there are fewer groups than centres
    for (const Indices& members : groups) {
        const std::size_t extra =
            std::min({left, members.size() - 1, members.size() * (size - groups.size()) / n});
        shares.push_back(1 + extra);
        left -= extra;
    }
    return shares;
}

Centers centersWithin(std::span<const float> points, std::size_t dimension, const Indices& members,
                      std::size_t count) {
    const auto pick = [&](std::size_t most) {
        Indices picked = strided(members.size(), most);
        for (std::uint32_t& i : picked) i = members[i];
        return picked;
    };
    Centers centers(points, dimension, pick(count));
    const Indices sample = pick(kMembersPerCenter * count);
    for (int step = 0; step < kCenterSteps && count < members.size(); ++step) centers.improve(sample);
    return centers;
}

} // namespace

std::vector<float> codebookOf(std::span<const float> values, std::size_t size) {
    std::vector<float> codebook(size);
    if (values.empty()) return codebook;
    const std::vector<float> sorted = sortedSample(values);
    std::vector<double> sums(sorted.size() + 1), squares(sorted.size() + 1);
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        sums[i + 1] = sums[i] + double{sorted[i]};
        squares[i + 1] = squares[i] + double{sorted[i]} * double{sorted[i]};
    }
    // Half of the first guesses by the density of the values and half evenly, so that sparse ends have theirs
    // as well.
    for (std::size_t j = 0; j < size; ++j) {
        const double t = (static_cast<double>(j) + 0.5) / static_cast<double>(size);
        const double even = sorted.front() + (double{sorted.back()} - sorted.front()) * t;
        codebook[j] = j % 2 ? static_cast<float>(even)
                            : sorted[static_cast<std::size_t>(t * static_cast<double>(sorted.size()))];
    }
    std::sort(codebook.begin(), codebook.end());
    for (int step = 0; step < kCodebookSteps; ++step) {
        std::size_t from = 0;
        std::vector<std::size_t> unused;
        std::vector<std::pair<double, float>> splits; // what a number's values cost, and where another would help them
        for (std::size_t j = 0; j < size; ++j) {
            const float border =
                j + 1 < size ? (codebook[j] + codebook[j + 1]) / 2 : std::numeric_limits<float>::infinity();
            const auto to = static_cast<std::size_t>(
                std::upper_bound(sorted.begin() + static_cast<std::ptrdiff_t>(from), sorted.end(), border) -
                sorted.begin());
            if (to > from) {
                const auto count = static_cast<double>(to - from);
                const double mean = (sums[to] - sums[from]) / count, cost = squares[to] - squares[from] - count * mean * mean;
                codebook[j] = static_cast<float>(mean);
                const float low = sorted[from], high = sorted[to - 1];
                if (low < high) splits.emplace_back(cost, mean - double{low} > double{high} - mean ? low : high);
            } else {
                unused.push_back(j);
            }
            from = to;
        }
        if (step + kSettlingSteps >= kCodebookSteps) continue;
        std::sort(splits.begin(), splits.end(), std::greater<>());
        for (std::size_t i = 0; i < std::min(unused.size(), splits.size()); ++i) codebook[unused[i]] = splits[i].second;
        std::sort(codebook.begin(), codebook.end());
    }
    std::sort(codebook.begin(), codebook.end());
    return codebook;
}

std::size_t nearestIn(std::span<const float> codebook, float value) {
    const auto above = static_cast<std::size_t>(std::lower_bound(codebook.begin(), codebook.end(), value) -
                                                codebook.begin());
    if (above == 0) return 0;
    if (above == codebook.size()) return above - 1;
    return value - codebook[above - 1] <= codebook[above] - value ? above - 1 : above;
}

Palette paletteOf(std::span<const float> points, std::size_t dimension, std::size_t size,
                  const Cancel& cancel, const Progress& progress) {
    const std::size_t n = points.size() / dimension;
    Palette palette;
    palette.labels.resize(n);
    if (n <= size) {
        palette.centers.assign(points.begin(), points.end());
        std::iota(palette.labels.begin(), palette.labels.end(), 0u);
        return palette;
    }
    const auto wanted =
        std::max<std::size_t>(1, static_cast<std::size_t>(std::sqrt(static_cast<double>(size))));
    const std::vector<Indices> groups = groupsOf(points, dimension, wanted, cancel);
    const std::vector<std::size_t> shares = sharesOf(groups, n, size);
    Indices starts(groups.size() + 1);
    std::partial_sum(shares.begin(), shares.end(), starts.begin() + 1);
    palette.centers.resize(starts.back() * dimension);
    std::atomic<std::size_t> done{0};
    const auto fill = [&](std::size_t g) {
        const Centers centers = centersWithin(points, dimension, groups[g], shares[g]);
        for (std::size_t c = 0; c < centers.count(); ++c)
            for (std::size_t k = 0; k < dimension; ++k)
                palette.centers[(starts[g] + c) * dimension + k] = centers.value(c, k);
        std::vector<float> distances;
        for (const std::uint32_t i : groups[g]) palette.labels[i] = starts[g] + centers.nearest(i, distances);
        progress.report(++done, groups.size(), "gathering harmonics");
    };
    TaskPool::shared().parallelFor(
        groups.size(), 1,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t g = first; g < last; ++g) fill(g);
        },
        cancel);
    return palette;
}

} // namespace ochre
