// SPDX-License-Identifier: GPL-3.0-or-later
// A 3×3 convolution in float32 on the CPU by Winograd's algorithm, where machine and shape suit it.
#pragma once

#include <optional>

#include "core/tensor/Nn.h"

namespace ochre::nn {
namespace winograd {
struct Output;
struct Picture;
struct Plan;
} // namespace winograd

class WinogradConv {
public:
    /// Nothing where the convolution is none that this one does: 3×3, stride, dilation and groups 1, 16 channels or more on
    /// both sides, in float32 on a processor with AVX2.
    static std::optional<WinogradConv> make(const Tensor& weight, const Tensor& bias, const Conv2dOptions& options);
    /// The same of the picture upsampled by 2 (nearest), which is never made: of its 36 products a tile, 11 are 0 and are
    /// left out. Padding 1.
    static std::optional<WinogradConv> makeDoubled(const Tensor& weight, const Tensor& bias);

    /// Whether a picture [N, C, H, W] is large enough for it to be faster. `padRows` of zeros lie above and below it, as
    /// many columns as the convolution has on its sides.
    bool pays(const Tensor& x, std::int64_t padRows) const;

    /// x channels-last → [N, out, H', W'], channels-last. A pixel's sum depends on its place in a tile of 4 × 4, counted
    /// from the picture's corner, and in the last bits on whether the pictures have few tiles or thousands. Asks Cancel between pieces of some 25 ms. Where the picture is
    /// doubled, padRows counts rows of the doubled one; −1: a row of x above and below is only seen. `room`, if it is
    /// defined, has the result's shape and becomes it.
    Tensor operator()(const Tensor& x, std::int64_t padRows, const Tensor& room = {}) const;
    /// out = base + scale · the same, in one pass where there is no activation; `out` may be `base`. Pictures may be
    /// some of the channels of wider ones.
    void addInto(const Tensor& out, const Tensor& base, double scale, const Tensor& x, std::int64_t padRows) const;

    /// The gradient of a kernel of padding 1, [out, in, 3, 3] channels-last, from the picture that it saw [N, in, H, W] and the
    /// gradient of its result [N, out, H, W], both channels-last and float32. Channels are multiples of kGradientChannels.
    static Tensor kernelGradient(const Tensor& seen, const Tensor& worth);
    static constexpr std::int64_t kGradientChannels = 32;

    /// A copy that keeps its packed weights, in `memory`, which is made anew where it is too small or far too large.
    WinogradConv prepared(Tensor& memory) const;

private:
    WinogradConv() = default;
    Tensor packed() const;
    void run(const Tensor& x, std::int64_t padRows, const Tensor& out, const Tensor& base = {}, double scale = 1) const;
    void runTiles(const winograd::Plan& plan, const winograd::Picture& picture, const Tensor& weights, std::int64_t tiles,
                  const winograd::Output& output) const;
    void runColumns(const winograd::Plan& plan, const winograd::Picture& picture, std::int64_t tiles,
                    const winograd::Output& output) const;
    bool fused() const;

    Tensor m_weight, m_bias;
    Tensor m_packed; ///< kept where it is small, else made as it is used: it is four times the weights
    std::int64_t m_pad = 0;
    bool m_doubled = false;
    Activation m_activation;
};

} // namespace ochre::nn
