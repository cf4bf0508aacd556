// SPDX-License-Identifier: GPL-3.0-or-later
// Painter as a tool: shown a pair of pictures, does to others what was done to the first of the pair.
// Paper: arXiv 2212.02499. Free of LibTorch.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre::models {

/// How the colours that Painter gives are read.
enum class PaintTask {
    Picture, ///< as they are: noise, rain and darkness taken away
    Depth,   ///< one channel, raw: the mean of the colours, where 1 is 10 m (NYUv2 in the paper)
    Classes, ///< each pixel in the nearest of the 151 colours that stand for the classes of ADE20K and for none
};
PaintTask paintTaskFromName(std::string_view name); ///< "picture", "depth", "classes"; throws Error

/// What a task makes of painted colours, RGB. Source: baaivision/Painter data/ade20k/gen_color_ade20k_sem.py, eval/nyuv2_depth.
Image readPainted(const Image& painted, PaintTask task);

/// Copies share the network. Thread-safe.
class PromptPainter {
public:
    /// Opens by content. Throws Error that says what the file holds where it is no Painter.
    static PromptPainter open(const std::filesystem::path& path);

    /// `picture` changed as `before` was to become `after`, of its size; see paintLike() in Painter.h. Deterministic.
    Image paint(const Image& picture, const Image& before, const Image& after, PaintTask task = PaintTask::Picture,
                const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

} // namespace ochre::models
