// SPDX-License-Identifier: GPL-3.0-or-later
// What steers a diffusion model: encoded prompts, each with where, when and how strongly it acts. Meaning of
// all fields: comfyanonymous/ComfyUI comfy/samplers.py (get_area_and_mult, convert_cond), comfy/conds.py.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/models/diffusion/DiffusionCheckpoint.h"
#include "core/tensor/Nn.h"

namespace ochre::models {

class ControlNetModel;

/// Where an entry acts. Pixels of the latent (whole numbers), or shares 0…1 of its sides.
struct ConditioningArea {
    double x = 0, y = 0, width = 1, height = 1;
    bool share = false;
    bool operator==(const ConditioningArea&) const = default;
};

/// A ControlNet as an entry uses it.
struct ControlUse {
    std::shared_ptr<const ControlNetModel> net;
    nn::Tensor hint; ///< [1|N, 3, H, W] in 0…1, as the artist gave it: resized to the sampling's picture
    double strength = 1;
    double start = 0, end = 1; ///< of the way, see ModelSampling::percentToSigma
    bool alsoNegative = false; ///< on a positive entry: goes to the negative side, too, where that has none
};

/// SDXL's second vector besides the pooled text, in pixels; the refiner reads width, height, the crop and the
/// score.
struct SdxlSizes {
    double width = 1024, height = 1024, cropX = 0, cropY = 0, targetWidth = 1024, targetHeight = 1024;
    std::optional<double> aestheticScore; ///< absent: 6 on the positive side, 2.5 on the negative
    bool operator==(const SdxlSizes&) const = default;
};

/// What an inpainting model (9 channels) is shown besides the noisy latent.
struct InpaintConcat {
    nn::Tensor latent; ///< [1|N, 4, h, w] of the masked picture, not multiplied by the latent scale
    nn::Tensor mask;   ///< [1|N, 1, H, W] of 0…1, 1: to be painted; any size
};

struct ConditioningEntry {
    nn::Tensor states; ///< [1, tokens, width] float32
    nn::Tensor pooled; ///< [1, width] float32; undefined where the family has none
    double strength = 1;
    /// A1111's AND (arXiv 2206.01714): of `parts` entries that count as one, each with `partWeight` times its
    /// difference from the unconditional prediction. Without that prediction they are averaged by their weights.
    int parts = 1;
    double partWeight = 1;
    std::optional<ConditioningArea> area; ///< nothing: the whole picture

    nn::Tensor mask; ///< [1|N, H, W] of 0…1, of any size; undefined: none
    double maskStrength = 1;
    bool maskBounds = false; ///< the model is shown no more than the mask's bounding box

    double start = 0, end = 1; ///< of the way, as sigmas: active where sigma(start) ≥ sigma ≥ sigma(end)
    double stepStart = 0,
           stepEnd = 1; ///< of the steps, for prompts that change: active in stepStart ≤ step/steps < stepEnd

    std::vector<ControlUse> controls; ///< their maps are added up
    std::optional<SdxlSizes> sizes;   ///< nothing: those of the picture that is sampled
    std::optional<InpaintConcat> inpaint;

    bool hasRange() const { return start > 0 || end < 1; }
};

struct Conditioning {
    std::vector<ConditioningEntry> entries; ///< never empty in a value that a node gives
    DiffusionFamily family = DiffusionFamily::Sd1;
    std::string text; ///< as the artist wrote it, for the metadata of pictures; may be empty

    std::size_t bytes() const; ///< of all tensors
};

/// The ControlNet added to each entry.
Conditioning withControl(const Conditioning& conditioning, const ControlUse& use);

} // namespace ochre::models
