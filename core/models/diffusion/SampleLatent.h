// SPDX-License-Identifier: GPL-3.0-or-later
// A whole sampling: noise, schedule, guidance and steps, from a latent to a latent. Seeds give the pictures
// that they give in comfyanonymous/ComfyUI (comfy/sample.py, comfy/samplers.py), or with NoiseKind::Cuda
// those of AUTOMATIC1111/stable-diffusion-webui.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/models/diffusion/Guider.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/sampling/Noise.h"

namespace ochre::models {

struct SampleOptions {
    std::uint64_t seed = 0;
    int steps = 20;
    double cfg = 7;
    std::string sampler = "euler", scheduler = "normal";
    double denoise = 1; ///< 0…1: share of the schedule that is run

    int startAt = 0, endAt = sampling::kMostSteps; ///< steps of the schedule that are run
    bool addNoise = true;
    bool leftoverNoise = false; ///< what is left at endAt stays in the latent

    std::optional<sampling::Sigmas> sigmas; ///< in place of scheduler, steps, denoise, startAt, endAt

    sampling::NoiseKind noise = sampling::NoiseKind::Cpu; ///< Cuda: a seed a picture, as AUTOMATIC1111
    std::uint64_t variationSeed = 0;
    double variation = 0; ///< 0…1: share of the noise of variationSeed, by slerp

    std::optional<double> eta;
    double sNoise = 1;
    bool batched = true; ///< see GuiderSetup
};

/// What happens while it runs; all may be unset.
struct SampleHooks {
    Progress progress;
    Cancel cancel;
    std::function<void()> waitWhilePaused; ///< between steps; may throw
    /// After each step: what the clean latents are taken to be, scaled as the network counts them [N, 4, h,
    /// w].
    std::function<void(int step, int total, const nn::Tensor& denoised)> preview;
    /// In place of a Guider of that setup for latents like x.
    std::function<sampling::Denoiser(const GuiderSetup& setup, const nn::Tensor& x)> guide;
};

struct SampleResult {
    LatentBatch latent;   ///< of the input, with new samples
    LatentBatch denoised; ///< what the last step took the clean latent to be (differs where noise is left)
    int steps = 0, networkCalls = 0;
};

/// `negative` without entries: no guidance. Throws Error: a latent of another number of channels, a prompt of
/// another family, names and numbers out of range, what the network throws; of the kind Cancelled when
/// stopped.
SampleResult sampleLatent(const DiffusionModel& model, const Conditioning& positive,
                          const Conditioning& negative, const LatentBatch& latent,
                          const SampleOptions& options, const SampleHooks& hooks = {});

/// The schedule that these options run through.
sampling::Sigmas sigmasOf(const SampleOptions& options, const sampling::ModelSampling& model);

} // namespace ochre::models
