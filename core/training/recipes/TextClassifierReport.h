// SPDX-License-Identifier: GPL-3.0-or-later
// The report of the recipe text_classifier: all four networks, trained one after the other and compared.
#pragma once

#include "core/training/TrainingRun.h"

namespace ochre::training {

constexpr const char* kClassifierFile = "classifier.safetensors"; ///< the recipe's result

/// Trains each network in a folder of its own below the request's and writes report.html there. Stopped in between, it gives
/// the outcome of the network that was stopped. Throws Error where the request chooses a network.
TrainingOutcome reportOnTextClassifiers(const TrainingRequest& request, Group& group, const TrainingObserver& observer);

} // namespace ochre::training
