// SPDX-License-Identifier: GPL-3.0-or-later
// The model as a sampler sees it: all prompts with their areas, masks, ranges and ControlNets, guidance and
// what changes it, joined to one prediction of the clean picture. Source: comfyanonymous/ComfyUI
// comfy/samplers.py (calc_cond_batch, cfg_function), whose sums this follows; arXiv 2207.12598.
#pragma once

#include <functional>
#include <memory>

#include "core/models/diffusion/DiffusionModel.h"
#include "core/models/sampling/Samplers.h"

namespace ochre::models {

/// What is the same in a whole sampling.
struct GuiderSetup {
    DiffusionModel model;
    Conditioning positive, negative; ///< negative without entries: as cfg 1
    double cfg = 1;
    sampling::Sigmas sigmas;           ///< of the run: ranges by steps are told by them
    int firstStep = 0, totalSteps = 0; ///< where `sigmas` lie in a longer run; 0: they are all of it
    nn::Tensor latent, mask; ///< for inpainting models: [N, 4, h, w] scaled, [1|N, 1, h, w]; may be undefined
    bool needsUnconditional = false; ///< Sampler::needsUnconditional
    bool batched = true;             ///< both sides in one call of the network where shapes and size allow
};

class Guider {
public:
    /// `x` is like the latents that will be sampled: [N, 4, h, w]. Hints are resized, entries that are twins
    /// of areas are added and contexts prepared here, once. Throws Error where a prompt is for another family
    /// or a ControlNet does not fit.
    Guider(const GuiderSetup& setup, const nn::Tensor& x);
    ~Guider();
    Guider(Guider&&) noexcept;

    /// x [N, 4, h, w] as the sampler has it, noise level sigma → what the clean latents are taken to be, as
    /// the network counts them (scaled). Asks Cancel of tensor::run.
    sampling::DenoiseResult operator()(const nn::Tensor& x, double sigma);

    int calls() const; ///< of the network so far

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// What is kept of a picture while the rest is sampled.
struct InpaintKeep {
    nn::Tensor latent;                  ///< [N, 4, h, w], scaled
    nn::Tensor noise;                   ///< the same shape: what it was made noisy with
    nn::Tensor mask;                    ///< [1|N, 1, h, w], 1: sampled
    std::optional<double> differential; ///< strength: mask against share of the way in place of a blend
};

/// `denoise` on x·mask + noisy(latent)·(1 − mask), and its result·mask + latent·(1 − mask).
sampling::Denoiser keepingOutside(sampling::Denoiser denoise, InpaintKeep keep,
                                  const sampling::ModelSampling& model, const sampling::Sigmas& sigmas);

} // namespace ochre::models
