// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts as they take part in one sampling: areas and masks in its latent's pixels, ranges as sigmas, twins
// of areas, and what the network is given besides the text. Included by the guider alone. Source:
// comfyanonymous/ComfyUI comfy/samplers.py (process_conds), comfy/model_base.py (concat_cond, encode_adm).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/models/diffusion/Guider.h"

namespace ochre::models {

struct LatentRect {
    std::int64_t y = 0, x = 0, height = 0, width = 0;
    bool operator==(const LatentRect&) const = default;
};

enum class GuideSide { Positive, Negative, Empty };
inline constexpr int kGuideSides = 3;

struct GuideEntry {
    GuideSide side = GuideSide::Positive;
    ConditioningEntry source;
    std::optional<LatentRect> area; ///< nothing: all
    nn::Tensor mask;                ///< [1|N, h, w], or undefined
    std::optional<double> sigmaStart, sigmaEnd;

    nn::Tensor weight; ///< [1|N, 1, height, width] of the area: what its prediction counts
    nn::Tensor vector; ///< [1, V], or undefined
    nn::Tensor concat; ///< [N, 5, height, width]: mask, latent of the masked picture; or undefined

    LatentRect rect(const nn::Tensor& x) const {
        return area.value_or(LatentRect{0, 0, x.size(2), x.size(3)});
    }
};

/// All entries of a run, for latents like x. Throws Error where a prompt is for another family or an area
/// lies outside.
std::vector<GuideEntry> guideEntries(const GuiderSetup& setup, const nn::Tensor& x,
                                     const sampling::ModelSampling& model);

} // namespace ochre::models
