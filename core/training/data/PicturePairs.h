// SPDX-License-Identifier: GPL-3.0-or-later
// Pairs to learn restoration from: parts of pictures, degraded and as they were.
#pragma once

#include "core/training/data/Dataset.h"
#include "core/training/data/Degradation.h"

namespace ochre::training {

struct PicturePairOptions {
    int side = 64;
    Degradation degradation = Degradation::NoiseJpeg;
    double least = 0; ///< of the shorter side, in a window that is reduced to `side`; 0: parts as they are
};

class PicturePairs final : public Dataset {
public:
    /// Throws Error where the folder holds no picture.
    PicturePairs(const std::filesystem::path& folder, const PicturePairOptions& options, const Cancel& cancel = {});

    std::size_t size() const override { return m_pictures.size(); }
    /// Six channels: what is given, and what it was.
    Example example(std::size_t index, std::uint64_t draw) const override;

private:
    PictureSet m_pictures;
    PicturePairOptions m_options;
};

} // namespace ochre::training
