// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatFilter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/scene/SplatValues.h"
#include "core/scene/field/PlacedField.h"

namespace ochre {
namespace {

using Indices = std::vector<std::uint32_t>;

std::vector<float> pick(const std::vector<float>& from, std::size_t each,
                        std::span<const std::uint32_t> indices) {
    std::vector<float> to(indices.size() * each);
    for (std::size_t i = 0; i < indices.size() && each > 0; ++i)
        std::memcpy(&to[i * each], &from[indices[i] * each], each * sizeof(float));
    return to;
}

template <typename Wanted>
SplatCloud keepIf(const SplatCloud& cloud, const Wanted& wanted) {
    Indices kept;
    kept.reserve(cloud.count());
    for (std::size_t i = 0; i < cloud.count(); ++i)
        if (wanted(i)) kept.push_back(static_cast<std::uint32_t>(i));
    return kept.size() == cloud.count() ? cloud : select(cloud, kept);
}

void checkRange(ValueRange range, const char* what) {
    if (!(range.min <= range.max))
        throw Error(fmt::format("{} from {} to {}: nothing is between them", what, range.min, range.max),
                    "the first must not be above the second");
}

/// A scale may be −∞ (flat), an opacity ±∞; everything else must be finite.
bool usable(const SplatData& d, std::size_t i, std::size_t rest) {
    const auto finite = [](const float* v, std::size_t n) {
        for (std::size_t k = 0; k < n; ++k)
            if (!std::isfinite(v[k])) return false;
        return true;
    };
    for (std::size_t k = 0; k < 3; ++k) {
        const float s = d.logScales[3 * i + k];
        if (std::isnan(s) || s == std::numeric_limits<float>::infinity()) return false;
    }
    return finite(&d.positions[3 * i], 3) && finite(&d.rotations[4 * i], 4) && finite(&d.sh0[3 * i], 3) &&
           !std::isnan(d.opacities[i]) && finite(d.shRest.data() + 3 * rest * i, 3 * rest);
}

/// ln of opacity times the area of the largest section, without its π.
double importance(const SplatData& d, std::size_t i) {
    std::array<float, 3> s{d.logScales[3 * i], d.logScales[3 * i + 1], d.logScales[3 * i + 2]};
    std::sort(s.begin(), s.end());
    return std::log(sigmoid(d.opacities[i])) + s[1] + s[2];
}

/// The coefficients of `count` splats at another degree, after those that `to` holds already.
void appendRest(std::vector<float>& to, const std::vector<float>& from, std::size_t count,
                std::size_t fromEach, std::size_t toEach) {
    const std::size_t shared = std::min(fromEach, toEach), start = to.size();
    to.resize(start + count * toEach);
    for (std::size_t i = 0; i < count && shared > 0; ++i)
        std::memcpy(&to[start + i * toEach], &from[i * fromEach], shared * sizeof(float));
}

} // namespace

SplatData select(const SplatData& from, std::span<const std::uint32_t> indices) {
    for (const std::uint32_t i : indices)
        if (i >= from.opacities.size()) throw Error(fmt::format("splat {} of {} is chosen", i, from.opacities.size()));
    SplatData to;
    to.shDegree = from.shDegree;
    to.antialiased = from.antialiased;
    to.dropped = from.dropped;
    to.positions = pick(from.positions, 3, indices);
    to.logScales = pick(from.logScales, 3, indices);
    to.rotations = pick(from.rotations, 4, indices);
    to.opacities = pick(from.opacities, 1, indices);
    to.sh0 = pick(from.sh0, 3, indices);
    to.shRest = pick(from.shRest, 3 * shRestCount(from.shDegree), indices);
    return to;
}

SplatCloud select(const SplatCloud& cloud, std::span<const std::uint32_t> indices) {
    return SplatCloud(select(cloud.data(), indices), cloud.name());
}

SplatCloud cropBox(const SplatCloud& cloud, const Bounds& box) {
    for (std::size_t k = 0; k < 3; ++k) checkRange({box.min[k], box.max[k]}, "a box");
    const std::vector<float>& p = cloud.data().positions;
    return keepIf(cloud, [&](std::size_t i) {
        for (std::size_t k = 0; k < 3; ++k)
            if (p[3 * i + k] < box.min[k] || p[3 * i + k] > box.max[k]) return false;
        return true;
    });
}

SplatCloud cropSphere(const SplatCloud& cloud, const std::array<double, 3>& center, double radius) {
    if (!(radius > 0) || !std::isfinite(center[0] + center[1] + center[2]))
        throw Error(
            fmt::format("a sphere of radius {} around {}, {}, {}", radius, center[0], center[1], center[2]),
            "a sphere is a centre and a positive radius");
    const std::vector<float>& p = cloud.data().positions;
    return keepIf(cloud, [&](std::size_t i) {
        const double x = p[3 * i] - center[0], y = p[3 * i + 1] - center[1], z = p[3 * i + 2] - center[2];
        return x * x + y * y + z * z <= radius * radius;
    });
}

SplatCloud keepOpacities(const SplatCloud& cloud, ValueRange range) {
    checkRange(range, "opacities");
    return keepIf(cloud, [&](std::size_t i) {
        const double opacity = sigmoid(cloud.data().opacities[i]);
        return opacity >= range.min && opacity <= range.max;
    });
}

SplatCloud keepScales(const SplatCloud& cloud, ValueRange range) {
    checkRange(range, "scales");
    return keepIf(cloud, [&](std::size_t i) {
        const float* s = &cloud.data().logScales[3 * i];
        const double longest = std::exp(double{std::max({s[0], s[1], s[2]})});
        return longest >= range.min && longest <= range.max;
    });
}

SplatCloud withShDegree(const SplatCloud& cloud, int degree) {
    if (degree < 0 || degree > kMaxShDegree)
        throw Error(fmt::format("SH degree {}", degree), "degrees are 0, 1, 2 and 3");
    if (degree == cloud.shDegree()) return cloud;
    SplatData d = cloud.data();
    d.shDegree = degree;
    d.shRest.clear();
    appendRest(d.shRest, cloud.data().shRest, cloud.count(), 3 * cloud.restCount(), 3 * shRestCount(degree));
    return SplatCloud(std::move(d), cloud.name());
}

SplatCloud decimate(const SplatCloud& cloud, double share) {
    if (!(share >= 0 && share <= 1))
        throw Error(fmt::format("a share of {}", share), "a share is between 0 and 1");
    const auto wanted = static_cast<std::size_t>(std::llround(share * static_cast<double>(cloud.count())));
    if (wanted == cloud.count()) return cloud;
    std::vector<std::pair<double, std::uint32_t>> ranked(cloud.count());
    for (std::size_t i = 0; i < ranked.size(); ++i)
        ranked[i] = {-importance(cloud.data(), i), static_cast<std::uint32_t>(i)};
    std::nth_element(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(wanted), ranked.end());
    Indices kept(wanted);
    for (std::size_t i = 0; i < wanted; ++i) kept[i] = ranked[i].second;
    std::sort(kept.begin(), kept.end());
    return select(cloud, kept);
}

SplatCloud merge(std::span<const SplatCloud> clouds) {
    if (clouds.empty()) return {};
    if (clouds.size() == 1) return clouds.front();
    SplatData d;
    d.antialiased = true;
    std::vector<PlacedField> fields;
    for (const SplatCloud& cloud : clouds) {
        fields.insert(fields.end(), cloud.fields().begin(), cloud.fields().end());
        if (cloud.count() == 0) continue;
        d.shDegree = std::max(d.shDegree, cloud.shDegree());
        d.antialiased = d.antialiased && cloud.data().antialiased;
        d.dropped += cloud.data().dropped;
    }
    const auto append = [](std::vector<float>& to, const std::vector<float>& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    for (const SplatCloud& cloud : clouds) {
        append(d.positions, cloud.data().positions);
        append(d.logScales, cloud.data().logScales);
        append(d.rotations, cloud.data().rotations);
        append(d.opacities, cloud.data().opacities);
        append(d.sh0, cloud.data().sh0);
        appendRest(d.shRest, cloud.data().shRest, cloud.count(), 3 * cloud.restCount(),
                   3 * shRestCount(d.shDegree));
    }
    return SplatCloud(std::move(d), clouds.front().name()).withFields(std::move(fields));
}

SplatCloud keepUsable(const SplatCloud& cloud) {
    return keepIf(cloud, [&](std::size_t i) { return usable(cloud.data(), i, cloud.restCount()); });
}

void dropUnusable(SplatData& d) {
    const std::size_t rest = shRestCount(d.shDegree), n = d.opacities.size();
    std::size_t first = 0;
    while (first < n && usable(d, first, rest)) ++first;
    if (first == n) return;
    Indices kept(first);
    std::iota(kept.begin(), kept.end(), 0u);
    for (std::size_t i = first + 1; i < n; ++i)
        if (usable(d, i, rest)) kept.push_back(static_cast<std::uint32_t>(i));
    d.dropped += n - kept.size();
    d = select(d, kept);
}

} // namespace ochre
