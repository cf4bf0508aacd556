// SPDX-License-Identifier: GPL-3.0-or-later
// Nearest ×2 upsampling with the 3×3 convolution that follows it, in one layer.
#pragma once

#include <string>

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// As upsampleNearest(x, 2) and Conv2d of "name", 3×3 with padding 1, but the large picture is never made. In float32 this
/// is Winograd's algorithm with 25 products for 16 pixels, in bfloat16 with 36 where the processor suits. Else a pixel of the result sees just 2×2 pixels of x: each of
/// the four places within a pixel of x has a 2×2 kernel, in which the taps that meet the same pixel are summed.
class UpsampleConv2d {
public:
    UpsampleConv2d() = default;
    /// Throws Error where the kernel is not 3×3.
    UpsampleConv2d(const Weights& weights, const std::string& name);

    Tensor operator()(const Tensor& x) const; ///< [N, in, H, W] → [N, out, 2H, 2W]
    /// The same on some rows, channels-last, that bring one more row above and below: [N, in, rows + 2, W] →
    /// [N, out, 2·rows, 2W]. `room` as Conv2d's.
    Tensor rows(const Tensor& x, const Tensor& room = {}) const;
    UpsampleConv2d prepared(Tensor& memory) const; ///< as Conv2d's

    std::int64_t inChannels() const { return m_in; }
    std::int64_t outChannels() const { return m_out; }
    double work() const { return 18.0 * static_cast<double>(m_in * m_out); } ///< as Conv2d's, of the plain 3×3 kernel

private:
    Tensor placeByPlace(const Tensor& x, const Tensor& room) const;

    std::int64_t m_in = 0, m_out = 0;
    std::shared_ptr<const WinogradConv> m_winograd;
    std::shared_ptr<const FixedConv> m_fixed;
    Conv2d m_plain;    ///< while it learns
    Conv2d m_place[4]; ///< upper left, upper right, lower left, lower right; where there is neither
};

} // namespace ochre::nn
