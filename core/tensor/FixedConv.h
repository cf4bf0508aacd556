// SPDX-License-Identifier: GPL-3.0-or-later
// A 3×3 convolution of bfloat16 maps on the CPU by Winograd's algorithm in whole numbers, where machine and shape suit
// it. Its error is about that of rounding the result to bfloat16.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "core/tensor/Nn.h"

namespace ochre::nn {

class FixedConv {
public:
    /// Nothing where the processor has no AVX-512 VNNI and BF16, or has AMX (whose plain products are faster), or where
    /// the convolution is none that this one does: 3×3, stride, dilation and groups 1, multiples of 32 channels, up to some 900 × 900 of them.
    /// `doubled`: of the picture upsampled by 2 (nearest), which is never made; padding 1.
    static std::optional<FixedConv> make(const Tensor& weight, const Tensor& bias, const Conv2dOptions& options,
                                         bool doubled = false);

    /// Whether a picture [N, C, H, W] is large enough for it to be faster, and to make up for what is kept where the options ask
    /// for that. Rows as WinogradConv's.
    bool pays(const Tensor& x, std::int64_t padRows) const;

    /// As WinogradConv's, but that the first call packs the weights and keeps that, four times their size.
    Tensor operator()(const Tensor& x, std::int64_t padRows, const Tensor& room = {}) const;
    void addTo(Tensor& onto, const Tensor& x, std::int64_t padRows) const;

    /// A copy that has its packed weights in `memory`: made anew where it is too small or far too large.
    FixedConv prepared(Tensor& memory) const;

private:
    struct Kept {
        std::mutex mutex;
        Tensor packed;
    };
    FixedConv() = default;
    Tensor packed() const;
    void run(const Tensor& x, std::int64_t padRows, bool add, Tensor& out) const;

    Tensor m_weight, m_bias; ///< the bias in float32
    Tensor m_packed;         ///< of a prepared copy
    std::shared_ptr<Kept> m_kept = std::make_shared<Kept>(); ///< of all copies
    std::int64_t m_pad = 0;
    bool m_doubled = false, m_lean = false;
    Activation m_activation;
};

} // namespace ochre::nn
