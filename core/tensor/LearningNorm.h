// SPDX-License-Identifier: GPL-3.0-or-later
// GroupNorm and SiLU for networks that learn, in one pass forward and two back, without keeping what lies between them.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

struct LearningNorm {
    std::int64_t groups = 1;
    double epsilon = 1e-5;
    bool silu = false;
};

/// x [N, C, H, W] on the CPU, float32 or bfloat16; weight and bias [C] of the same type. The gradient is of all three.
Tensor normLearning(const Tensor& x, const Tensor& weight, const Tensor& bias, const LearningNorm& norm);

} // namespace ochre::nn
