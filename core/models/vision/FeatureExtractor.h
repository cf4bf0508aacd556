// SPDX-License-Identifier: GPL-3.0-or-later
// What DINOv2 sees in a picture, as a picture: its features' three main directions as red, green and blue. Parts that
// mean the same have the same colour. Free of LibTorch.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

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

    /// The picture as a whole in numbers whose cosine says how alike two pictures are: the network's summary of its middle
    /// square, scaled to 224 pixels of 256 as the published figures were measured.
    std::vector<float> describe(const Image& image, const Cancel& cancel = {}) const;
    int width() const; ///< how many these are
    /// Tells these weights from others, by name and size of the file.
    const std::string& identity() const;

    struct Pair {
        float fromX, fromY, toX, toY; ///< pixels of the two pictures
        float likeness;               ///< cosine, −1…1
    };
    /// Places of two pictures that mean the same: each is, of all patches of the other, the most alike to its partner. The
    /// most alike first, at most `most`.
    std::vector<Pair> match(const Image& from, const Image& to, int side, std::size_t most, const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

} // namespace ochre::models
