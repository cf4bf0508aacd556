// SPDX-License-Identifier: GPL-3.0-or-later
// What DINOv2 sees in a picture, as a picture: its features' three main directions as red, green and blue. Parts that
// mean the same have the same colour. Free of LibTorch.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre::models {

/// Copies share the network. Thread-safe.
class FeatureExtractor {
public:
    /// Opens by content. Throws Error listing what the file holds where it is no DINOv2.
    static FeatureExtractor open(const std::filesystem::path& path);

    /// A picture of the size of `image`, sRGB. `side`: the longer side of what the network sees, pixels; more shows smaller
    /// things and takes longer. Deterministic. Throws Error, also when cancelled.
    Image picture(const Image& image, int side = 518, const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

} // namespace ochre::models
