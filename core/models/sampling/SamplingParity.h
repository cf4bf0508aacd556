// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the parity cases of samplers, schedules and predictions.
#pragma once

#include <filesystem>

#include "core/models/Parity.h"

namespace ochre::models::sampling {

/// NAME.json with NAME.safetensors beside it: a sampler on an analytic denoiser with given noise; x at the start
/// of each step, and the end.
void runSamplerParity(const std::filesystem::path& path, ParityResult& result);

/// Sigmas by schedule and number of steps; the difference is relative.
void runScheduleParity(const std::filesystem::path& path, ParityResult& result);

/// The network's input and the denoised picture by prediction.
void runPredictionParity(const std::filesystem::path& path, ParityResult& result);

} // namespace ochre::models::sampling
