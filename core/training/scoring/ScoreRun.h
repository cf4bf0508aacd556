// SPDX-License-Identifier: GPL-3.0-or-later
// The work of `ochre score`: how well a model draws what prompts say, or how well the scorer knows real pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/image/Image.h"

namespace ochre::training {

struct ScoreRequest {
    std::filesystem::path model;                ///< empty: real pictures
    std::filesystem::path scorer;               ///< empty: the program's own
    std::vector<std::filesystem::path> prompts; ///< files; none: the program's own
    std::size_t count = 0;                      ///< of each file, from the first on; 0: all
    std::string sampler = "dpmpp_2m";
    int steps = 20;
    double cfg = 3;
    std::uint64_t seed = 1; ///< of noise, or of what a real picture leaves open
    bool sheet = false;
    Progress progress;
    Cancel cancel;
};

struct ScoredPicture {
    std::string kind, prompt, meaning, taken; ///< taken: the caption that fits best
    int rank = 0;                             ///< of the right one, from 1
    double cosine = 0;
};

struct ScoredKind {
    std::string kind;
    std::size_t right = 0, prompts = 0;
    std::size_t candidates = 0; ///< fewest of a prompt
};

struct ScoreOutcome {
    std::filesystem::path scorer;
    std::vector<ScoredKind> kinds;
    std::vector<ScoredPicture> pictures;
    Image sheet; ///< empty where none was asked for
};

/// Throws Error: files that are not there or are something else, names of samplers, no emoji for real pictures.
ScoreOutcome score(const ScoreRequest& request);

/// Writes the program's own prompts into the folder and gives the files. Needs the emoji.
std::vector<std::filesystem::path> writeOwnPrompts(const std::filesystem::path& folder);

} // namespace ochre::training
