// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts an object out of a picture by its colours and edges alone, where there is no network.
#pragma once

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/image/Image.h"
#include "core/models/vision/Segmenter.h"

namespace ochre::models {

/// What the points lie on, or the box surrounds: GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004) as in
/// OpenCV, on the picture scaled to 640 pixels, the edge then laid onto that of the picture (guided filter:
/// He, Sun, Tang, ECCV 2010). A mask of the picture's size, 0 or 1, the same each time; 0 all over where
/// neither a box nor a point says what belongs to the object. Throws Error as Segmenter::segment does.
Image grabCut(const Image& image, const SegmentPrompt& prompt, const Progress& progress = {},
              const Cancel& cancel = {});

} // namespace ochre::models
