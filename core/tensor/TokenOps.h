// SPDX-License-Identifier: GPL-3.0-or-later
// Attention over tokens in one pass, without a table of all products, where the machine has a kernel for it.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// What is added to the scaled products, of queries by keys that lie in rows: down [N, heads, T, rows] or undefined, and across
/// [N, heads, T, keys of a row]. float32; the last dimension is dense.
struct TokenBias {
    Tensor down, across;
};

/// As nn::attention without causal order; undefined where there is no kernel for these tensors (another type than float32 and
/// bfloat16, a bias in float32, another device, an older processor, few queries, wide heads). A row of the result depends on its
/// query, the keys and the values alone. Asks Cancel between pieces of some 25 ms.
Tensor fusedAttention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, double scale,
                      const TokenBias& bias = {});

} // namespace ochre::nn
