// SPDX-License-Identifier: GPL-3.0-or-later
// What Linear and Conv2d compute while learning. Weights that no gradient is asked of stay in the type they have and keep
// nothing for one; what is learned on top of them, a low-rank change, is a way of its own beside them (arXiv 2106.09685).
#pragma once

#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::nn {

using LowRankPtr = std::shared_ptr<const tensor::LowRank>; ///< null: no change

/// Matrices [out, in] that see the same x [..., in], their results side by side; `biases` are none or one for each, `changes`
/// too, of which any may be null. Those that no gradient is asked of may be of another floating type than x.
Tensor learningLinear(const Tensor& x, const std::vector<Tensor>& weights, const std::vector<Tensor>& biases,
                      const std::vector<LowRankPtr>& changes);

/// Kernel [out, in/groups, kh, kw] on x [N, in, H, W], without the options' activation; `padVertical` in place of their padding
/// above and below. `bias` may be undefined.
Tensor learningConv(const Tensor& x, const Tensor& weight, const Tensor& bias, const LowRankPtr& change, const Conv2dOptions& options,
                    std::int64_t padVertical);

} // namespace ochre::nn
