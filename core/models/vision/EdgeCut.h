// SPDX-License-Identifier: GPL-3.0-or-later
// Brings what a small network thinks of a picture, which it saw in few pixels, to the edges that the picture has.
#pragma once

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/models/vision/Segmenter.h"

namespace ochre::models {

/// `likely`: one channel of any size that covers the whole picture, 0…1: how likely each place belongs to the object. Around
/// the object, the least cut (Boykov, Jolly, ICCV 2001) is made between what that says, how the colours inside differ from
/// those about it, learned twice, and how far neighbours differ, in at most 192 pixels of the longer side; the edge is then
/// laid onto that of the picture. The points are kept, and the pieces that they lie on. A mask of the picture's size, 0 or 1,
/// the same each time; 0 all over where nothing is likely. Some 30 ms, whatever the size of a picture.
Image cutAtEdges(const Image& image, const Image& likely, const SegmentPrompt& prompt, const Cancel& cancel = {});

} // namespace ochre::models
