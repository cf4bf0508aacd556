// SPDX-License-Identifier: GPL-3.0-or-later
// Samplers: how a noisy picture becomes a clean one along a schedule. Names, numbers and order of noise are
// those of comfyanonymous/ComfyUI (comfy/k_diffusion/sampling.py, comfy/extra_samplers/uni_pc.py) and
// crowsonkb/k-diffusion, so that a seed gives the picture that it gives there. To add one: a line in the
// source and a function beside its family.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/models/sampling/ModelSampling.h"
#include "core/models/sampling/Noise.h"
#include "core/models/sampling/Schedules.h"

namespace ochre::models::sampling {

/// What the guided model takes the clean picture to be.
struct DenoiseResult {
    Tensor denoised;
    /// Without the prompt (cfg = 0). Samplers with needsUnconditional want it at every call, at a guidance of
    /// 1 too; the others never read it.
    Tensor unconditional;
};

/// Called with x at noise level `sigma` > 0; may throw.
using Denoiser = std::function<DenoiseResult(const Tensor& x, double sigma)>;

struct StepInfo {
    int step, total; ///< from 0; total 0 where it is not known before (dpm_adaptive)
    double sigma;    ///< of x
    const Tensor& x;
    const Tensor& denoised;
};

/// Once a step, after the model was asked. It may block (pause) and may throw (stop); x is not to be written.
using StepCallback = std::function<void(const StepInfo&)>;

enum class SolverType { Default, Midpoint, Heun, Phi1, Phi2, Bh1, Bh2 };
/// "midpoint", "heun" (dpmpp_2m_sde), "phi_1", "phi_2" (seeds_2), "bh1", "bh2" (uni_pc); throws Error.
SolverType solverTypeFromName(std::string_view name);

/// What can be set beyond the schedule. What a sampler has no use for is ignored.
struct SamplerOptions {
    std::optional<double> eta;     ///< share of the noise that is drawn anew, 0…1 (more is allowed)
    double sNoise = 1;             ///< scale of added noise
    double sChurn = 0;             ///< noise added before steps, arXiv 2206.00364
    double sTmin = 0, sTmax = std::numeric_limits<double>::infinity(); ///< sigmas between which sChurn acts
    std::optional<double> r;       ///< place of the middle evaluation, 0…1 exclusive
    std::optional<int> order;      ///< most steps looked back upon
    SolverType solver = SolverType::Default;
    bool lastStepDenoises = true;  ///< lms: the step to 0 takes the clean picture (ComfyUI), or goes on as
                                   ///< before (k-diffusion, AUTOMATIC1111)
    double gamma = 2;              ///< gradient_estimation: 1 is euler
    double rtol = 0.05, atol = 0.0078, hInit = 0.05, pcoeff = 0, icoeff = 1, dcoeff = 0,
           acceptSafety = 0.81;    ///< dpm_adaptive
    const ModelSampling* model = nullptr; ///< null: SD; flow models take other formulas in many samplers
};

class SamplerRun;

struct Sampler {
    const char* name;  ///< as in graphs and on the command line ("dpmpp_2m_sde")
    const char* label; ///< for menus, as in AUTOMATIC1111 ("DPM++ 2M SDE")
    Tensor (*run)(SamplerRun& run, Tensor x);

    double eta = 0;
    int order = 0;
    double r = 0.5;
    SolverType solver = SolverType::Default;
    bool needsUnconditional = false; ///< the CFG++ forms (arXiv 2406.08070)
    bool stochastic = false;         ///< asks for noise
    bool brownian = false;           ///< and wants it from a Brownian path
    bool dropsPenultimate = false;   ///< runs along a schedule of one step more without the sigma before the last
    bool freshInpaintNoise = false;  ///< the kept part of inpainting takes noise of seed + 1 (ddim)
    int evaluations = 1;             ///< of the model a step, about
};

/// All, in the order of menus.
const std::vector<Sampler>& samplers();

/// By name or label, whatever the case; ComfyUI's names for the GPU ("…_gpu") are taken too. Throws Error
/// that lists the names.
const Sampler& findSampler(std::string_view name);

/// Runs `sampler` from x at noise level sigmas[0] to sigmas.back() (usually 0: the clean picture). Fewer than
/// two sigmas give x. x [N, ...] is not written to. Checks Cancel before every evaluation. Throws Error for
/// sigmas that are negative, not finite or (but for the last) 0, for options out of range, for a missing
/// unconditional prediction, and whatever the denoiser, the noise and the callback throw.
Tensor sample(const Sampler& sampler, const Denoiser& denoise, const Tensor& x, const Sigmas& sigmas,
              NoiseSource& noise, const SamplerOptions& options = {}, const StepCallback& callback = {});

} // namespace ochre::models::sampling
