// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors that any program can make alike, and one number that changes with each of their values.
#pragma once

#include <cmath>
#include <vector>

#include "core/tensor/Fill.h"
#include "core/tensor/Nn.h"

namespace ochre::models {

/// sin(step·i + start), row by row.
inline nn::Tensor wave(at::IntArrayRef shape, double step = 0.37, double start = 0.1) {
    std::int64_t count = 1;
    for (const std::int64_t side : shape) count *= side;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i)
        values.push_back(static_cast<float>(std::sin(step * static_cast<double>(i) + start)));
    return nn::fromValues(values, shape);
}

/// Σ value·cos(i/10).
inline double fingerprint(const nn::Tensor& tensor) {
    double sum = 0;
    std::size_t i = 0;
    for (const float v : nn::toValues(tensor))
        sum += static_cast<double>(v) * std::cos(0.1 * static_cast<double>(i++));
    return sum;
}

} // namespace ochre::models
