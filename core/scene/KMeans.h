// SPDX-License-Identifier: GPL-3.0-or-later
// Few values that stand for many: codebooks of numbers and palettes of vectors, by k-means. The same input
// gives the same output, whatever the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"

namespace ochre {

/// `size` ascending numbers, with a small mean square distance from each of `values` (finite) to its nearest.
std::vector<float> codebookOf(std::span<const float> values, std::size_t size);

/// Index of the nearest number of an ascending codebook.
std::size_t nearestIn(std::span<const float> codebook, float value);

struct Palette {
    std::vector<float> centers;        ///< [M,D], M at most what was asked for
    std::vector<std::uint32_t> labels; ///< [N] below M
};

/// Of `points` [N,D], finite. In two steps, groups and then centres within each: near to plain k-means at a
/// share of its cost, which for millions of points and thousands of centres no processor would bear.
Palette paletteOf(std::span<const float> points, std::size_t dimension, std::size_t size,
                  const Cancel& cancel = {}, const Progress& progress = {});

} // namespace ochre
