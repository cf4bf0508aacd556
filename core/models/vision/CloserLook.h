// SPDX-License-Identifier: GPL-3.0-or-later
// How a SAM of few pixels sees most: a picture as it is and mirrored, then once more the part in which the object lies; and it is asked
// not only what belongs to the place of a click, but what belongs to the others, too.
#pragma once

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/models/vision/Sam.h"
#include "core/models/vision/Segmenter.h"

namespace ochre::models {

/// The part of a picture that a network is shown, and how large it sees it.
struct SeenPart {
    double left = 0, top = 0;    ///< pixels of the picture
    double across = 1, down = 1; ///< pixels seen a pixel of the picture; below 0 where it is mirrored
};
/// Points and box as the network takes them.
SamPrompt promptFor(const SegmentPrompt& prompt, const SeenPart& part);

/// What a network has seen of a picture.
struct BothSides {
    int usedWidth = 0, usedHeight = 0; ///< of the padded square
    SamDecoder::Picture straight, mirrored;
    nn::Tensor grid; ///< how likely each place belongs to what lies at each point of a grid [rows, columns, h, w], or undefined
};
/// With the grid, which single clicks need, it takes about twice the time.
BothSides lookAtBothSides(const Sam& sam, const Image& picture, bool grid, const Cancel& cancel = {});

/// How likely each place belongs to what is meant: one channel, 0…1, that covers the picture, of some 256 to 1024 pixels, finest
/// about the object. The mean of all answers of all looks, each as far as the network thinks it right; a single click also as the
/// other places answer. `three`: of three answers each, else of one. `whole` is of the picture.
Image likelihoodOf(const Sam& sam, const Image& picture, const BothSides& whole, const SegmentPrompt& prompt, bool three,
                   const Cancel& cancel = {});

} // namespace ochre::models
