// SPDX-License-Identifier: GPL-3.0-or-later
// The text transformer of CLIP: token ids to the states that diffusion models are steered by, and to one
// vector a text. Paper: arXiv 2103.00020. Keys: huggingface/transformers modeling_clip.py
// ("text_model.encoder.layers.0.self_attn.q_proj"); openai/CLIP model.py and mlfoundations/open_clip
// transformer.py ("transformer.resblocks.0.attn.in_proj_weight").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Attention.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

class ClipText {
public:
    struct Config {
        bool fused = false; ///< OpenAI's names, with q, k and v in one matrix; else those of Hugging Face
        std::string
            prefix; ///< of all names but the projection's: "text_model." where Hugging Face's files have it
        std::string projectionKey; ///< empty: the file has no projection
        bool projectionTransposed =
            false; ///< [projection, width] as a layer has it; else [width, projection]
        int vocabulary = 49408, positions = 77;
        int width = 768, heads = 12, layers = 12, inner = 3072;
        int projection = 0;    ///< length of the projected vector, 0: none
        bool quickGelu = true; ///< x·σ(1.702x), as OpenAI trained; OpenCLIP has the exact GELU
        int endToken = -1;     ///< whose first place is pooled; -1: the largest id's
        double epsilon = 1e-5;

        /// Recognises the network by keys and shapes; nothing where it is another. Files do not show two
        /// things: heads are taken to be 64 wide, and quickGelu for a width of up to 768 (OpenAI's), the
        /// exact one above (OpenCLIP's).
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
        /// Keys that stand beside it and are not read: CLIP's picture tower, logit_scale, position_ids.
        static bool isBeside(const std::string& key);
    };

    /// Which states are wanted. Layers past the last that is needed are not computed.
    struct Options {
        int clipSkip =
            1; ///< 1: the last layer's states, 2: those of the last but one, … `layers` + 1: the embeddings
        bool finalNorm = true;   ///< on `states`: SD 1 and 2 have it with any clip skip, SDXL has not
        bool pooled = false;     ///< also `last`, `pooled` and `projected`, for which all layers are computed
        bool keepHidden = false; ///< also `hidden`
    };

    struct Output {
        nn::Tensor states;    ///< [N, T, width]
        nn::Tensor last;      ///< [N, T, width], of the last layer, after the final norm
        nn::Tensor pooled;    ///< [N, width], the row of `last` at the end token
        nn::Tensor projected; ///< [N, projection] where the file has a projection
        std::vector<nn::Tensor>
            hidden; ///< [N, T, width]: the embeddings, then the output of each layer, no final norm
    };

    ClipText(const tensor::Weights& weights, const Config& config);

    /// ids int64 [N, T], T ≤ positions. Throws Error for ids outside the vocabulary and for a clip skip
    /// outside 1…layers + 1.
    Output forward(const nn::Tensor& ids, const Options& options) const;
    Output forward(const nn::Tensor& ids) const { return forward(ids, {}); }

    /// The same from rows in place of ids, so that some can be those of a textual inversion: tokens [N, T,
    /// width] without positions, ends int64 [N] as endPositions gives them.
    Output forward(const nn::Tensor& tokens, const nn::Tensor& ends, const Options& options) const;

    nn::Tensor embed(const nn::Tensor& ids) const; ///< int64 [N, T] → [N, T, width], without positions
    nn::Tensor endPositions(const nn::Tensor& ids) const; ///< int64 [N, T] → int64 [N]
    const Config& config() const { return m_config; }

private:
    struct Layer {
        nn::LayerNorm norm1, norm2;
        nn::Linear q, k, v, qkv, out, up, down;
    };
    nn::Tensor attend(const Layer& layer, const nn::Tensor& x) const;
    nn::Tensor run(const Layer& layer, const nn::Tensor& x) const;

    Config m_config;
    nn::Embedding m_tokens, m_positions;
    std::vector<Layer> m_layers;
    nn::LayerNorm m_finalNorm;
    nn::Linear m_projection;
};

/// The text encoders of a checkpoint that holds more than one network (SD 1, SD 2, SDXL, also in ComfyUI's
/// and diffusers' folders of names): their views, in the order in which SDXL joins them.
std::vector<tensor::Weights> findClipTexts(const tensor::Weights& weights);

} // namespace ochre::models
