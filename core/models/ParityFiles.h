// SPDX-License-Identifier: GPL-3.0-or-later
// Parity cases that are single files (samplers, schedules, tokenizers, …) and what runs them. To add one: a
// line in the source.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/models/Parity.h"

namespace ochre::models {

struct ParityFileKind {
    std::string name; ///< of the folder that the file lies in ("samplers"), or of the file ("schedules")
    /// Fills in verdict, difference, tolerance and detail; an Error is a FAIL.
    std::function<void(const std::filesystem::path&, ParityResult&)> run;
};

const std::vector<ParityFileKind>& parityFileKinds();

} // namespace ochre::models
