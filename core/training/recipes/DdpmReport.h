// SPDX-License-Identifier: GPL-3.0-or-later
// The report of the recipe ddpm: how it learned, and every class at each guidance scale.
#pragma once

#include <array>

#include "core/training/TrainingRun.h"

namespace ochre::training {

constexpr std::array<double, 4> kReportedGuidance = {0, 1, 3, 7};
/// Of a training's folder: the sheet that is drawn at the end with that guidance.
std::string guidanceFile(double cfg);

/// Trains in the request's folder and writes report.html there. Stopped in between, it gives the training's outcome.
TrainingOutcome reportOnDdpm(const TrainingRequest& request, Group& group, const TrainingObserver& observer);

} // namespace ochre::training
