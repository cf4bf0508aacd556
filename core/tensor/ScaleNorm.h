// SPDX-License-Identifier: GPL-3.0-or-later
// A normalisation that leaves the mean where it is.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// The last dimension of x over its standard deviation, times a weight [channels]. As "BiasFree" of Restormer (arXiv
/// 2111.09881).
class ScaleNorm {
public:
    ScaleNorm() = default;
    explicit ScaleNorm(const Tensor& weight, double epsilon = 1e-5);
    Tensor operator()(const Tensor& x) const; ///< [..., channels] → the same

private:
    Tensor m_weight;
    double m_epsilon = 1e-5;
};

} // namespace ochre::nn
