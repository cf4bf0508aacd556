// SPDX-License-Identifier: GPL-3.0-or-later
// The names that autoencoder weights go by in published files. Ochre's own are those of CompVis/latent-diffusion.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/tensor/Weights.h"

namespace ochre::models {

struct AutoencoderNames {
    enum class Layout {
        LatentDiffusion, ///< "decoder.up.3.block.0.nin_shortcut", "decoder.mid.attn_1.q"
        Diffusers,       ///< "decoder.up_blocks.0.resnets.0.conv_shortcut", "decoder.mid_block.attentions.0.to_q"
        OldDiffusers,    ///< the same with "query", "key", "value", "proj_attn", before diffusers 0.18
    };
    Layout layout = Layout::LatentDiffusion;
    std::string prefix; ///< "first_stage_model." in whole checkpoints, "vae." in some, else ""

    /// Nothing where the weights have neither an encoder nor a decoder of this kind.
    static std::optional<AutoencoderNames> find(const tensor::Weights& weights);

    /// The file's name of "decoder.up.0.block.0.norm1.weight" and the like. `levels` of resolution count the other way
    /// round in the decoder of diffusers.
    std::string stored(const std::string& name, int levels) const;
};

} // namespace ochre::models
