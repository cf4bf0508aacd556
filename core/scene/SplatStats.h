// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a cloud: how many, where, how large, how opaque.
#pragma once

#include <cstddef>
#include <vector>

#include "core/scene/SplatCloud.h"

namespace ochre {

/// Bins of equal width between min and max; values outside fall into the first and last.
struct Histogram {
    double min = 0, max = 0;
    std::vector<std::size_t> counts;
};

struct SplatStats {
    std::size_t count = 0, dropped = 0, bytes = 0;
    int shDegree = 0;
    bool antialiased = false;
    Bounds bounds;
    Focus focus;
    std::size_t flat = 0;      ///< with an axis of no length
    double meanOpacity = 0;    ///< 0…1
    double medianLogScale = 0; ///< of the longest axes, ln
    Histogram opacities;       ///< 0…1
    Histogram logScales;       ///< of the longest axes, ln, whole numbers at both ends
};

SplatStats statsOf(const SplatCloud& cloud, std::size_t bins = 20);

} // namespace ochre
