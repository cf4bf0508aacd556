// SPDX-License-Identifier: GPL-3.0-or-later
// Nearest ×2 upsampling with the 3×3 convolution that follows it, in one layer.
#pragma once

#include <string>

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// As upsampleNearest(x, 2) and Conv2d of "name", 3×3 with padding 1, but the large picture is never made: a pixel of
/// the result sees just 2×2 pixels of x, so each of the four places within a pixel of x has a 2×2 kernel, in which the
/// taps that meet the same pixel are summed. 4/9 of the multiplications; rounding differs by the order of the sum.
class UpsampleConv2d {
public:
    UpsampleConv2d() = default;
    /// Throws Error where the kernel is not 3×3.
    UpsampleConv2d(const Weights& weights, const std::string& name);

    Tensor operator()(const Tensor& x) const; ///< [N, in, H, W] → [N, out, 2H, 2W]
    /// The same on some rows that bring one more row above and below: [N, in, rows + 2, W] → [N, out, 2·rows, 2W].
    Tensor rows(const Tensor& x) const;

    UpsampleConv2d prepared() const; ///< as Conv2d's

    std::int64_t inChannels() const { return m_place[0].inChannels(); }
    std::int64_t outChannels() const { return m_place[0].outChannels(); }
    double work() const { return m_place[0].work(); } ///< operations a pixel of the result

private:
    Conv2d m_place[4]; ///< upper left, upper right, lower left, lower right
};

} // namespace ochre::nn
