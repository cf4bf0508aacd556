// SPDX-License-Identifier: GPL-3.0-or-later
// Brightens with Diff-Retinex: takes a picture apart into what it shows and the light on it, restores both by diffusion, and
// puts them together again.
// Paper: arXiv 2308.13164. Steps: XunpengYi/Diff-Retinex test_from_dataset.py. Free of LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/models/restore/Restorer.h"

namespace ochre::models {

struct RetinexOptions {
    int steps = 5;             ///< of each diffusion
    double eta = 1;            ///< noise of the steps: 0 none, 1 as published
    std::uint64_t seed = 1;    ///< the published pictures are of 1
    RestoreOptions tiles = {}; ///< what is about tiles and memory counts
};

/// Copies share the networks. Thread-safe.
class RetinexEnhancer {
public:
    struct Result {
        Image image;
        Image reflectance, illumination; ///< RGB and grey (raw), whose product it is
    };

    /// Opens the three networks (Diff-TDN, Diff-RDA and Diff-IDA) by content. Throws Error that says what a file holds where it
    /// is the wrong one.
    static RetinexEnhancer open(const std::filesystem::path& decomposition, const std::filesystem::path& reflectance,
                                const std::filesystem::path& illumination);

    /// A picture like `image`, seen in sRGB within 0…1. The noise is drawn for the whole picture, so that tiles change little.
    /// Deterministic. Throws Error, also for NaN and when cancelled.
    Result enhance(const Image& image, const RetinexOptions& options = {}, const Progress& progress = {},
                   const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

} // namespace ochre::models
