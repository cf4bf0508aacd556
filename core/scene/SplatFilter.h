// SPDX-License-Identifier: GPL-3.0-or-later
// Clouds from clouds: the splats in a region, of some opacity or size, the most important ones, several as
// one. All keep the order of the splats and give back the cloud itself where nothing changes.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "core/scene/SplatCloud.h"

namespace ochre {

/// Splats whose centre is inside; borders belong to it. Throws Error when a side is empty or a number is
/// none.
SplatCloud cropBox(const SplatCloud& cloud, const Bounds& box);
SplatCloud cropSphere(const SplatCloud& cloud, const std::array<double, 3>& center, double radius);

struct ValueRange {
    double min = -std::numeric_limits<double>::infinity(), max = std::numeric_limits<double>::infinity();
};

/// By opacity, 0…1. Borders belong to the range. Throws Error when it is empty.
SplatCloud keepOpacities(const SplatCloud& cloud, ValueRange range);
/// By the length of the longest axis (one standard deviation), in the scene's units.
SplatCloud keepScales(const SplatCloud& cloud, ValueRange range);

/// Lower: the bands above are left out. Higher: new bands are zero. 0…3.
SplatCloud withShDegree(const SplatCloud& cloud, int degree);

/// The `share` (0…1) of the splats with the highest importance: opacity times the area of the largest
/// section. What is left out is not made up for by the others.
SplatCloud decimate(const SplatCloud& cloud, double share);

/// All splats and fields of all clouds, one cloud after the other, at the highest SH degree among them; named
/// as the first.
SplatCloud merge(std::span<const SplatCloud> clouds);

/// The splats at `indices`, in their order.
SplatCloud select(const SplatCloud& cloud, std::span<const std::uint32_t> indices);
SplatData select(const SplatData& data, std::span<const std::uint32_t> indices);

/// Without splats that hold NaN or infinity.
SplatCloud keepUsable(const SplatCloud& cloud);

/// Takes out splats with NaN or infinity and adds their number to `dropped`. A scale may be −∞ (flat), an
/// opacity ±∞.
void dropUnusable(SplatData& data);

} // namespace ochre
