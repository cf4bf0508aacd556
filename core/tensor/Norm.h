// SPDX-License-Identifier: GPL-3.0-or-later
// Normalisation layers, built from weights by name and called like functions.
#pragma once

#include <string>

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// "name.weight" and "name.bias" [channels]: each sample and group of channels is brought to mean 0 and
/// variance 1. The statistics are computed in float32 whatever the type of x. Source: arXiv 1803.08494.
class GroupNorm {
public:
    GroupNorm() = default;
    GroupNorm(const Weights& weights, const std::string& name, int groups = 32, double epsilon = 1e-5);

    /// [N, channels, H, W] → the same, channels-last; or [N, channels, …]. `activation` is applied to the
    /// result.
    Tensor operator()(const Tensor& x, const Activation& activation = {}) const;

    std::int64_t channels() const { return m_weight.defined() ? m_weight.size(0) : 0; }
    int groups() const { return m_groups; }
    double epsilon() const { return m_epsilon; }
    const Tensor& weight() const { return m_weight; }
    const Tensor& bias() const { return m_bias; }

private:
    Tensor ofPicture(const Tensor& x, const Activation& activation) const;

    Tensor m_weight, m_bias;
    int m_groups = 32;
    double m_epsilon = 1e-5;
};

/// "name.weight" and, where it is there, "name.bias" [channels], over the last dimension of x. Source: arXiv
/// 1607.06450.
class LayerNorm {
public:
    LayerNorm() = default;
    LayerNorm(const Weights& weights, const std::string& name, double epsilon = 1e-5);
    Tensor operator()(const Tensor& x) const; ///< [..., channels] → the same

private:
    Tensor m_weight, m_bias;
    double m_epsilon = 1e-5;
};

} // namespace ochre::nn
