// SPDX-License-Identifier: GPL-3.0-or-later
// Building blocks of the denoising UNet of Stable Diffusion and of its ControlNets. Keys and structure:
// CompVis/latent-diffusion ldm/modules/diffusionmodules/openaimodel.py, ldm/modules/attention.py.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Nn.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

/// Two convolutions with the time step's embedding added in between: "in_layers", "emb_layers", "out_layers",
/// "skip_connection".
class UNetResBlock {
public:
    UNetResBlock() = default;
    UNetResBlock(const tensor::Weights& weights, const std::string& name);
    static void addKeys(KeyShapes& keys, const std::string& name, std::int64_t in, std::int64_t out,
                        std::int64_t embedding);

    /// x [N, in, H, W], embedding [N, E] after its SiLU → [N, out, H, W]
    nn::Tensor operator()(const nn::Tensor& x, const nn::Tensor& embedding) const;

private:
    nn::Tensor run(const nn::Tensor& x, const nn::Tensor& embedding) const;

    nn::GroupNorm m_inNorm;
    nn::Conv2d m_inConv;
    nn::Linear m_embedding;
    nn::GroupNorm m_outNorm;
    nn::Conv2d m_outConv;
    nn::Linear m_skip; ///< 1×1
    bool m_hasSkip = false;
};

/// Self attention, attention to the prompt and a gated feed-forward layer, each added to what went in:
/// "norm1", "attn1", "norm2", "attn2", "norm3", "ff".
class TransformerBlock {
public:
    TransformerBlock(const tensor::Weights& weights, const std::string& name, std::int64_t heads);

    /// Keys and values of the prompt: context [N, T, context width] → [N, T, 2·C].
    nn::Tensor prepare(const nn::Tensor& context) const { return m_promptKeyValue(context); }
    /// tokens [N, H·W, C] become what comes out; their memory may be used for it.
    void run(nn::Tensor& tokens, const nn::Tensor& promptKeyValue) const;

private:
    void runPlain(nn::Tensor& tokens, const nn::Tensor& promptKeyValue) const;

    std::int64_t m_heads = 1;
    nn::LayerNorm m_norm1;
    nn::Linear m_selfQueryKeyValue, m_selfOut;
    nn::LayerNorm m_norm2;
    nn::Linear m_promptQuery, m_promptKeyValue, m_promptOut;
    nn::LayerNorm m_norm3;
    nn::Linear m_gate, m_feedOut;
};

/// Transformer blocks over the pixels of a map: "norm", "proj_in", "transformer_blocks.N", "proj_out"; the
/// projections are 1×1 convolutions (SD 1) or matrices (SD 2, SDXL).
class SpatialTransformer {
public:
    SpatialTransformer() = default;
    SpatialTransformer(const tensor::Weights& weights, const std::string& name, int depth,
                       std::int64_t heads);
    static void addKeys(KeyShapes& keys, const std::string& name, std::int64_t channels, std::int64_t context,
                        int depth, bool linearProjection);

    std::size_t depth() const { return m_blocks.size(); }
    /// Appends the keys and values of the prompt, one tensor a transformer block.
    void prepare(const nn::Tensor& context, std::vector<nn::Tensor>& keyValues) const;
    /// x [N, C, H, W] → the same; `keyValues` as prepare gave them for this layer.
    nn::Tensor operator()(const nn::Tensor& x, std::span<const nn::Tensor> keyValues) const;

private:
    nn::GroupNorm m_norm;
    nn::Linear m_in;
    std::vector<TransformerBlock> m_blocks;
    nn::Linear m_out;
};

/// A residual block with a transformer behind it, as they alternate in "input_blocks" and "output_blocks".
struct UNetStep {
    UNetResBlock residual;
    SpatialTransformer transformer; ///< depth 0: none
    std::size_t firstKeyValue = 0;  ///< of the transformer, in the list of the whole network

    nn::Tensor operator()(const nn::Tensor& x, const nn::Tensor& embedding,
                          std::span<const nn::Tensor> keyValues) const;
};

} // namespace ochre::models
