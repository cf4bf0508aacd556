// SPDX-License-Identifier: GPL-3.0-or-later
// Normalisation by the root of the mean square (arXiv 1910.07467), built from weights by name and called like a function.
#pragma once

#include <string>

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// "name.weight" [channels], over the last dimension of x; the mean is taken in float32 for the half types.
class RmsNorm {
public:
    RmsNorm() = default;
    RmsNorm(const Weights& weights, const std::string& name, double epsilon = 1e-5);
    Tensor operator()(const Tensor& x) const; ///< [..., channels] → the same

private:
    Tensor m_weight;
    double m_epsilon = 1e-5;
};

} // namespace ochre::nn
