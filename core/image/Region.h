// SPDX-License-Identifier: GPL-3.0-or-later
// The part of a picture about a mask, cut out, worked on at another size, and put back without touching any
// other pixel.
#pragma once

#include <string>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

/// A rectangle in the pixels of a picture; it may reach over the right and lower edge of a small one.
struct WorkRegion {
    int pictureWidth = 0, pictureHeight = 0; ///< of the picture that it belongs to
    int x = 0, y = 0, width = 0, height = 0;
    int workWidth = 0, workHeight = 0; ///< pixels that the part has while it is worked on

    bool operator==(const WorkRegion&) const = default;
};

struct RegionOptions {
    int padding = 32; ///< surroundings of the mask that belong to the part, pixels
    int multiple = 8; ///< both sides are a multiple of it, ≥ 1
    int size = 0;     ///< longer side while it is worked on; 0: its own
};

/// The bounds of what is above 0 in the mask, with surroundings. Where the picture has room the rectangle
/// stays inside. Throws Error where the mask is 0 everywhere.
WorkRegion regionAbout(const Image& mask, const RegionOptions& options);

/// The part at its working size (Lanczos). What lies beyond the picture repeats its edge. Throws Error where
/// picture and region do not belong together.
Image cropRegion(const Image& image, const WorkRegion& region, const Cancel& cancel = {});
/// The same of a mask, bilinear; beyond the picture it is 0.
Image cropRegionMask(const Image& mask, const WorkRegion& region, const Cancel& cancel = {});

/// `patch` scaled back and laid upon `image` where the mask is above 0, weighted by it and by a smooth ramp
/// of `feather` pixels inwards from its edge. All other pixels keep every bit. `mask` has the size of the
/// picture or is a mask of the part; an empty one is 1 all over the part. The picture keeps its channels and
/// colour space, and its alpha unless the patch has one.
Image stitchRegion(const Image& image, const Image& patch, const WorkRegion& region, const Image& mask,
                   float feather, const Cancel& cancel = {});

} // namespace ochre
