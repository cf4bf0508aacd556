// SPDX-License-Identifier: GPL-3.0-or-later
// Where the layers that adapter files name lie in a model: diffusers, LDM/SGM, Hugging Face and OpenCLIP
// names all lead to the weights as stored. Names: huggingface/diffusers unet_2d_condition.py,
// CompVis/latent-diffusion openaimodel.py, kohya-ss/sd-scripts networks/lora.py, cloneofsimo/lora.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/tensor/Weights.h"

namespace ochre::models {

/// The part of a stored weight that one layer is.
struct AdapterTarget {
    std::string weight, bias; ///< names in the view; bias is empty where there is none
    std::int64_t row = 0;     ///< first row, of weight and bias: OpenCLIP stores q, k and v as one
    std::int64_t rows = -1;   ///< -1: all
    bool transposed = false;  ///< stored as [in, out]: OpenCLIP's text_projection
    tensor::Shape shape;      ///< of the layer: [out, in] or [out, in, kh, kw]; [n] of a norm
};

class AdapterNames {
public:
    /// A denoising network in LDM or diffusers names, under any prefix of the view.
    static AdapterNames ofUnet(const tensor::Weights& weights);
    /// A CLIP text encoder in Hugging Face or OpenCLIP names, under any prefix of the view.
    static AdapterNames ofText(const tensor::Weights& weights);

    /// `module` with '_' for each '.': "down_blocks_0_attentions_0_proj_in", "input_blocks_1_1_proj_in",
    /// "text_model_encoder_layers_0_mlp_fc1"; null where the model has no such layer.
    const AdapterTarget* find(const std::string& module) const;

    /// The layers inside modules of these classes ("CrossAttention", "GEGLU", "ResnetBlock2D",
    /// "CLIPAttention", …) in the order of diffusers' or transformers' modules(), by which cloneofsimo's
    /// files count. `feedForwardFirst`: the feed-forward part stands before the second attention, as in
    /// diffusers before 0.13. Throws Error for a class that is not known.
    std::vector<std::string> inOrder(const std::vector<std::string>& classes, bool feedForwardFirst) const;

    std::size_t size() const { return m_targets.size(); }

private:
    void add(const tensor::Weights& weights, const std::string& module,
             const std::vector<std::string>& aliases);
    void addOpenClip(const tensor::Weights& weights, const std::string& root);

    std::map<std::string, AdapterTarget> m_targets;
    std::vector<std::string>
        m_stems; ///< diffusers' resnets and attentions, or text layers, in modules() order
};

/// Prefix and layout of the names of a denoising network in `names`.
struct UnetLayout {
    std::string root;       ///< what stands before "input_blocks." or "down_blocks."
    bool diffusers = false; ///< else LDM
};
/// Throws Error saying that there is none.
UnetLayout unetLayout(const tensor::Weights& weights);

/// Pairs of LDM and diffusers names of the blocks that a network has ("input_blocks.1.0",
/// "down_blocks.0.resnets.0"), in modules() order of diffusers: down, up, middle; attentions before resnets.
struct UnetBlock {
    enum class Kind { Resnet, Attention, Sampler, Single } kind;
    std::string ldm, diffusers;
};
std::vector<UnetBlock> unetBlocks(const tensor::Weights& weights, const UnetLayout& layout);

/// The name inside a residual block in the other layout: "in_layers.0" ⇄ "norm1"; other names come back
/// unchanged.
std::string resnetName(const std::string& name, bool fromDiffusers);

} // namespace ochre::models
