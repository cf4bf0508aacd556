// SPDX-License-Identifier: GPL-3.0-or-later
// What cuts by colours and edges share: pictures as OpenCV takes them, the pieces that were meant, the edge at full size.
#pragma once

#include <opencv2/core.hpp>

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/models/vision/Segmenter.h"

namespace ochre::models::cutout {

/// Which pixel of a small picture holds a place of the whole one, of which it shows the part that begins at left, top.
struct Scale {
    double across, down;
    cv::Size size;
    double left = 0, top = 0;

    cv::Point operator()(float x, float y) const;
};

/// Eight-bit RGB, what is clear on black; scaled down where the longer side has more than `most` pixels.
cv::Mat bytesOf(const Image& image, int most, const Cancel& cancel);

/// Of what is cut out, 255 where it is: the pieces that a point lies on; with a box alone, all but the crumbs.
cv::Mat pieces(const cv::Mat& object, const SegmentPrompt& prompt, const Scale& scale);

/// The mask of a small picture, 0 or 255, at the size of the whole one, whose edges it follows (guided filter: He, Sun, Tang,
/// ECCV 2010); 0 or 1 where it is smaller than the whole.
Image laidOnto(const Image& image, const cv::Mat& small, const Cancel& cancel);

} // namespace ochre::models::cutout
