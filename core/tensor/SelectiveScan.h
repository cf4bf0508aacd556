// SPDX-License-Identifier: GPL-3.0-or-later
// The selective scan of Mamba (arXiv 2312.00752, algorithm 2), and the causal convolution that goes before it.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// What a scan runs over. N texts of T tokens, C channels, each with a state of S numbers.
struct ScanInput {
    Tensor u;     ///< [N, T, C]: the signal
    Tensor delta; ///< [N, T, C], positive: how far the state moves at a token
    Tensor a;     ///< [C, S], negative: how fast each number of the state decays
    Tensor b, c;  ///< [N, T, S]: what enters the state, and what is read from it
    Tensor d;     ///< [C]: the share of the signal that goes past the state
};

/// h ← exp(Δ·A)·h + Δ·B·u and y = C·h + D·u at each token, from h = 0: [N, T, C]. In float32 for the half types: token
/// after token, channels side by side, in either mode, and no states are kept for the gradient, which goes through them
/// again; in other types by operations that autograd follows. Asks Cancel. Throws Error where shapes do not fit.
Tensor selectiveScan(const ScanInput& input);

/// Each channel by itself, with what stands before it: x [N, T, C], weight [C, kernel], bias [C] or undefined → [N, T, C].
Tensor causalConv(const Tensor& x, const Tensor& weight, const Tensor& bias);

Tensor softplus(const Tensor& x); ///< log(1 + eˣ)

} // namespace ochre::nn
