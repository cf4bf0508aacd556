// SPDX-License-Identifier: GPL-3.0-or-later
// Attention over tokens, and the table that turns ids into them.
#pragma once

#include <string>

#include "core/tensor/Nn.h"

namespace ochre::nn {

struct AttentionOptions {
    bool causal = false; ///< a token sees itself and those before it
    Tensor bias;         ///< added to the scaled products before the softmax; broadcasts to [N, heads, T, S]
    double scale = 0;    ///< of the products; 0: 1/√(width of a head)
};

/// Scaled dot-product attention (arXiv 1706.03762) with `heads` heads side by side in the last dimension:
/// q [N, T, heads·D], k and v [N, S, heads·D] → [N, T, heads·D].
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads,
                 const AttentionOptions& options = {});

/// "name.weight" [count, width].
class Embedding {
public:
    Embedding() = default;
    /// `name` in full, so that tables that are no layer ("positional_embedding") can be read.
    Embedding(const Weights& weights, const std::string& name);
    Tensor operator()(const Tensor& ids) const; ///< int64 [...] → [..., width]

    std::int64_t count() const { return m_table.size(0); }
    std::int64_t width() const { return m_table.size(1); }
    const Tensor& table() const { return m_table; }

private:
    Tensor m_table;
};

Tensor softmax(const Tensor& x, std::int64_t dimension = -1); ///< in float32, given back in the type of x
Tensor quickGelu(const Tensor& x);                            ///< x·σ(1.702·x), as OpenAI's CLIP

/// int64 [count]: first, first + 1, …
Tensor range(std::int64_t first, std::int64_t count);

/// Sinusoids of steps [N] → float32 [N, width], cosines first, frequencies period^(−i/(width/2)); an odd width
/// ends with a zero. Source: CompVis/latent-diffusion ldm/modules/diffusionmodules/util.py.
Tensor timestepEmbedding(const Tensor& steps, std::int64_t width, double period = 10000);

} // namespace ochre::nn
