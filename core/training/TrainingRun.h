// SPDX-License-Identifier: GPL-3.0-or-later
// A training from start to end in a folder: state that survives a kill, the log of losses, sample pictures, the result.
//   state.safetensors  what the next step depends on      settings.json  recipe and its values
//   log.jsonl          a line a step                      samples/*.png  what the weights could do then
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "core/training/Recipe.h"

namespace ochre::training {

/// What is told while it trains; called between steps, from the thread that trains.
struct TrainingObserver {
    std::function<void(const StepReport& report, double secondsLeft)> step = [](const StepReport&, double) {};
    std::function<void(std::int64_t step, const Image& picture)> samples = [](std::int64_t, const Image&) {};
    std::function<void(const std::string& text)> say = [](const std::string&) {};
    Progress preparing;
};

struct TrainingRequest {
    std::string recipe;
    std::map<std::string, std::string> settings; ///< by id, as text; on resuming, those of the folder are the defaults
    std::filesystem::path folder;
    bool resume = false;                         ///< goes on where the folder's state stands; without a state it begins
    double saveEvery = 300;                      ///< seconds between states
    std::int64_t samplesEvery = 0;               ///< steps; 0: a twentieth of all
    Cancel cancel;                               ///< stops after the present part; the state is saved first
};

struct TrainingOutcome {
    std::int64_t steps = 0;
    bool finished = false; ///< or stopped
    double loss = 0;       ///< mean of the last hundred steps
    Json figures;          ///< Recipe::measure()
    std::string result;    ///< file of the folder
};

/// Trains. A folder that holds a training already is an Error unless it is resumed. Losses that are not finite skip their
/// step; after five in a row the last state comes back and the learning rate is halved; after three such falls it ends
/// with an Error.
TrainingOutcome train(const TrainingRequest& request, Group& group, const TrainingObserver& observer = {});

} // namespace ochre::training
