// SPDX-License-Identifier: GPL-3.0-or-later
// Elementary functions in float32 as LibTorch computes them, which the C library's differ from in the last bit.
// Schedules and noise trees are published in those numbers, and a Brownian tree tells such bits apart.
#pragma once

#include <span>
#include <vector>

#include "core/tensor/Fill.h"

namespace ochre::models::sampling::float32 {

inline std::vector<float> log(std::span<const float> values) {
    return nn::toValues(nn::fromValues(values, {static_cast<std::int64_t>(values.size())}).log());
}
inline float log(float value) { return nn::fromValues({&value, 1}, {}).log().item<float>(); }
inline float exp(float value) { return nn::fromValues({&value, 1}, {}).exp().item<float>(); }
inline float expm1(float value) { return nn::fromValues({&value, 1}, {}).expm1().item<float>(); }

} // namespace ochre::models::sampling::float32
