// SPDX-License-Identifier: GPL-3.0-or-later
// Makes a sharp picture of the two that the halves of a sensor's pixels see, with Restormer's weights for that.
// Paper: arXiv 2111.09881. Free of LibTorch.
#pragma once

#include <filesystem>
#include <memory>

#include "core/models/restore/Restorer.h"

namespace ochre::models {

/// Copies share the network. Thread-safe.
class DualPixelDeblur {
public:
    /// Opens by content. Throws Error that says what the file holds where it is no network of two views.
    static DualPixelDeblur open(const std::filesystem::path& path);

    /// A picture like `left`, of its size. Both are seen in sRGB within 0…1; of `options` counts what is about tiles and
    /// memory. Deterministic. Throws Error, also for views of two sizes, NaN and when cancelled.
    Image restore(const Image& left, const Image& right, const RestoreOptions& options = {}, const Progress& progress = {},
                  const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

} // namespace ochre::models
