// SPDX-License-Identifier: GPL-3.0-or-later
// The lines that a training wrote about its steps, read back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

namespace ochre::training {

struct LoggedStep {
    std::int64_t step = 0;
    double loss = 0, seconds = 0; ///< NaN where the loss was not finite
};

/// The log of a training's folder, in order; a line that a kill cut off is left out. Throws Error where there is none.
std::vector<LoggedStep> readTrainingLog(const std::filesystem::path& folder);

double medianSeconds(std::vector<LoggedStep> steps); ///< of a step; 0 where there is none
/// Means over `window` steps, each at its middle: (step, loss).
std::vector<std::pair<double, double>> smoothedLosses(const std::vector<LoggedStep>& steps, std::size_t window);

} // namespace ochre::training
