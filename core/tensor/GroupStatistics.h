// SPDX-License-Identifier: GPL-3.0-or-later
// GroupNorm of a map that is only seen a stretch of rows at a time: first the sums over all of it, then the rows.
#pragma once

#include <vector>

#include "core/tensor/Norm.h"

namespace ochre::nn {

/// Sums over a map from which GroupNorm's means and variances follow, whatever its groups are.
class GroupStatistics {
public:
    explicit GroupStatistics(std::int64_t channels = 0);

    /// Counts some rows in: [1, channels, rows, W]. Sums are float32 over 64 pixels, double above that.
    void add(const Tensor& rows);

    std::int64_t channels() const { return static_cast<std::int64_t>(m_sum.size()); }
    /// The norm as factor and summand of each channel, float32 [2, channels].
    Tensor factors(const GroupNorm& norm) const;

private:
    std::vector<float> m_pivot;           ///< a channel: its first value, from which the sums are counted
    std::vector<double> m_sum, m_squares; ///< a channel
    double m_pixels = 0;
};

/// out = activation(x · factors[0] + factors[1]), a channel; x and out [1, C, rows, W], channels-last, of one type.
/// One pass for float32 and bfloat16 on the CPU where the activation is none or SiLU.
void scaleChannels(const Tensor& x, const Tensor& factors, const Activation& activation, Tensor& out);

} // namespace ochre::nn
