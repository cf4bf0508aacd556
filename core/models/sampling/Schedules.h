// SPDX-License-Identifier: GPL-3.0-or-later
// Noise schedules: the sigmas that a sampler steps through, largest first, with the 0 it ends at. Values are
// float32 numbers, bit for bit those of comfyanonymous/ComfyUI comfy/samplers.py and crowsonkb/k-diffusion.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/models/sampling/ModelSampling.h"

namespace ochre::models::sampling {

struct Sampler;

using Sigmas = std::vector<double>;

struct Schedule {
    const char* name;  ///< as in graphs and on the command line ("karras")
    const char* label; ///< for menus
    const char* help;  ///< one line
    /// `steps` ≥ 1. ddim_uniform and beta may give another count than steps + 1.
    Sigmas (*sigmas)(const ModelSampling& model, int steps);
};

/// All, in the order of menus (ComfyUI's).
const std::vector<Schedule>& schedules();

/// By name or label, whatever the case. Throws Error that lists them.
const Schedule& findSchedule(std::string_view name);

inline constexpr int kMostSteps = 10000;

/// What a sampling of `steps` steps runs through: for `denoise` in 0…1 the last steps of a longer schedule
/// (none at 0), and for samplers that ask for it without the sigma before the last. Throws Error for other
/// numbers.
Sigmas samplingSigmas(const Sampler& sampler, const Schedule& schedule, const ModelSampling& model, int steps,
                      double denoise = 1.0);

/// Schedules with their own numbers.
Sigmas karrasSigmas(int steps, double sigmaMin, double sigmaMax, double rho = 7.0); ///< arXiv 2206.00364
Sigmas exponentialSigmas(int steps, double sigmaMin, double sigmaMax);
Sigmas polyexponentialSigmas(int steps, double sigmaMin, double sigmaMax, double rho = 1.0);
Sigmas klOptimalSigmas(int steps, double sigmaMin, double sigmaMax); ///< arXiv 2404.14507
Sigmas betaSigmas(const ModelSampling& model, int steps, double alpha = 0.6,
                  double beta = 0.6); ///< arXiv 2407.12173
/// Even steps to 1 − `threshold`, then a parabola (genmoai/models). `linearSteps` −1: half of the steps.
Sigmas linearQuadraticSigmas(const ModelSampling& model, int steps, double threshold = 0.025,
                             int linearSteps = -1);

/// Sigmas that somebody wrote: numbers apart by commas, semicolons or spaces. Throws Error naming what is no
/// number, negative, or not finite.
Sigmas manualSigmas(std::string_view text);

/// Before and from `step` on; both hold the sigma at which they meet. `step` is held to the schedule.
std::pair<Sigmas, Sigmas> splitSigmas(const Sigmas& sigmas, int step);
/// The same, so that the second holds the share `denoise` of the steps.
std::pair<Sigmas, Sigmas> splitSigmasByDenoise(const Sigmas& sigmas, double denoise);
/// From step `start` to `end` (−1: the last). `toZero`: the last sigma kept becomes 0, so that no noise stays.
Sigmas sliceSigmas(const Sigmas& sigmas, int start, int end = -1, bool toZero = false);
/// Reversed, for un-sampling; a first 0 becomes 0.0001.
Sigmas flipSigmas(const Sigmas& sigmas);

} // namespace ochre::models::sampling
