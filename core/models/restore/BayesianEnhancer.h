// SPDX-License-Identifier: GPL-3.0-or-later
// Brightens with BEM: a Bayesian network guesses what a small copy of the picture should look like, a second one makes the
// picture after it. Each sample of the first is another possible picture.
// Paper: arXiv 2501.14265. Steps: BinCVER/Bayesian-Enhancement-Model Enhancement/eval.py. Free of LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/models/restore/Restorer.h"

namespace ochre::models {

struct BayesianOptions {
    int samples = 0;        ///< of the first network's weights, whose pictures are averaged; 0: the means of its weights, once
    std::uint64_t seed = 0; ///< of the first sample; the next has the next
    RestoreOptions tiles = {}; ///< what is about tiles and memory counts
};

/// Copies share the networks. Thread-safe.
class BayesianEnhancer {
public:
    /// Opens both networks by content. Throws Error that says what a file holds where it is the wrong one.
    static BayesianEnhancer open(const std::filesystem::path& first, const std::filesystem::path& second);

    /// A picture like `image`, seen in sRGB within 0…1. Deterministic. Throws Error, also for samples of a first network that is
    /// not Bayesian, for NaN and when cancelled.
    Image enhance(const Image& image, const BayesianOptions& options = {}, const Progress& progress = {},
                  const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

} // namespace ochre::models
