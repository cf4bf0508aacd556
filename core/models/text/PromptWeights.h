// SPDX-License-Identifier: GPL-3.0-or-later
// How the weights of a prompt act on what a text encoder made of it. z [N, T, width], weights [N, T]
// (PromptChunk).
#pragma once

#include <span>

#include "core/models/text/PromptTokens.h"
#include "core/tensor/Nn.h"

namespace ochre::models {

/// float32 [chunks, 77].
nn::Tensor weightTensor(const PromptTokens& tokens);
/// int64 [chunks, 77].
nn::Tensor idTensor(const PromptTokens& tokens);
/// int64 [chunks]: positions of the end tokens.
nn::Tensor endTensor(const PromptTokens& tokens);

/// Away from the states of the empty prompt, zEmpty [1 or N, T, width]: zEmpty + (z − zEmpty)·w; where w is
/// 1, z itself. Source: comfyanonymous/ComfyUI comfy/sd1_clip.py.
nn::Tensor applyWeightsComfy(const nn::Tensor& z, const nn::Tensor& zEmpty, const nn::Tensor& weights);

/// z·w, then scaled so that the mean of each z[n] is what it was; not scaled where that would blow it up more
/// than hundredfold. Source: AUTOMATIC1111/stable-diffusion-webui modules/sd_emphasis.py.
nn::Tensor applyWeightsA1111(const nn::Tensor& z, const nn::Tensor& weights);

/// Puts rows of textual inversions, in the order of PromptTokens::embeddings, into embed(idTensor(tokens)).
nn::Tensor placeEmbeddings(const nn::Tensor& embedded, const PromptTokens& tokens,
                           std::span<const nn::Tensor> vectors);

} // namespace ochre::models
