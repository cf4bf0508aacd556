// SPDX-License-Identifier: GPL-3.0-or-later
// Attention over tokens in one pass, without a table of all products, where the machine has a kernel for it.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// As nn::attention without causal order and bias; undefined where there is no kernel for these tensors (another type
/// than float32 and bfloat16, another device, an older processor, few queries, wide heads). A row of the result depends on its query, the keys
/// and the values alone. Asks Cancel between pieces of some 25 ms.
Tensor fusedAttention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, double scale);

} // namespace ochre::nn
