// SPDX-License-Identifier: GPL-3.0-or-later
// What pictures were restored with before networks: what ours are measured against.
#pragma once

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre::models {

/// Non-local means (Buades, Coll, Morel, CVPR 2005) as OpenCV's fastNlMeansDenoisingColored does it: lightness and colours in
/// CIE L*a*b* of 8 bit, patches of 7×7 in windows of 21×21; `strength` is its h, of both. RGB in, RGB out.
Image nonLocalMeans(const Image& image, double strength, const Cancel& cancel = {});

/// Contrast-limited adaptive histogram equalisation (Zuiderveld 1994) of the lightness, OpenCV's with 8×8 tiles. RGB in, RGB out.
Image equalised(const Image& image, double clipLimit);

} // namespace ochre::models
