// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatStats.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

Histogram histogramOf(const std::vector<float>& values, double min, double max, std::size_t bins) {
    Histogram h{min, max, std::vector<std::size_t>(bins)};
    for (const float v : values) {
        const double t = max > min ? (v - min) / (max - min) : 0;
        ++h.counts[static_cast<std::size_t>(
            std::clamp(t * static_cast<double>(bins), 0.0, static_cast<double>(bins - 1)))];
    }
    return h;
}

} // namespace

SplatStats statsOf(const SplatCloud& cloud, std::size_t bins) {
    const SplatData& d = cloud.data();
    const std::size_t n = cloud.count();
    SplatStats s{.count = n,
                 .dropped = d.dropped,
                 .bytes = cloud.bytes(),
                 .shDegree = cloud.shDegree(),
                 .antialiased = d.antialiased};
    s.bounds = cloud.bounds();
    s.focus = cloud.focus();
    bins = std::max<std::size_t>(1, bins);
    std::vector<float> opacities(n), longest(n);
    double sum = 0, low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t i = 0; i < n; ++i) {
        opacities[i] = static_cast<float>(sigmoid(d.opacities[i]));
        sum += opacities[i];
        const float* scale = &d.logScales[3 * i];
        longest[i] = std::max({scale[0], scale[1], scale[2]});
        if (std::isinf(std::min({scale[0], scale[1], scale[2]}))) ++s.flat;
        if (std::isinf(longest[i])) continue; // no length at all: it falls into the first bin
        low = std::min(low, std::floor(double{longest[i]}));
        high = std::max(high, std::ceil(double{longest[i]}));
    }
    if (low > high) low = high = 0;
    s.opacities = histogramOf(opacities, 0, 1, bins);
    s.logScales = histogramOf(longest, low, high, bins);
    if (n > 0) {
        s.meanOpacity = sum / static_cast<double>(n);
        std::nth_element(longest.begin(), longest.begin() + static_cast<std::ptrdiff_t>(n / 2),
                         longest.end());
        s.medianLogScale = longest[n / 2];
    }
    return s;
}

} // namespace ochre
