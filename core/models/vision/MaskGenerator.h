// SPDX-License-Identifier: GPL-3.0-or-later
// Everything in a picture, a mask a thing: a grid of points is asked, and of the answers those are kept that are sure, stable
// and no second copy. Free of LibTorch.
// Source: facebookresearch/segment-anything automatic_mask_generator.py SamAutomaticMaskGenerator, utils/amg.py.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/image/MaskRuns.h"

namespace ochre::models {

/// The defaults are the published ones.
struct EverythingOptions {
    int pointsPerSide = 32;
    float leastScore = 0.88f;     ///< that the network gives a mask
    float leastStability = 0.95f; ///< of its area, when the threshold of the logits moves by `stabilityOffset` either way
    float stabilityOffset = 1;
    float boxOverlap = 0.7f;      ///< above it two boxes of one crop are one thing
    int cropLayers = 0;           ///< layer n looks at 4ⁿ parts of the picture by themselves
    float cropOverlap = 0.7f;     ///< above it two boxes of different crops are one thing
    float cropShare = 512.0f / 1500; ///< of the shorter side that parts of the first layer have in common
    int cropGridDivisor = 1;      ///< each layer has so many times fewer points a side
    int leastRegion = 0;          ///< pixels: smaller holes are filled and islands dropped; 0: none
};

struct FoundMask {
    MaskRuns runs;                    ///< of the picture's size
    std::array<int, 4> box{};         ///< left, top, right, bottom: first and last pixels
    float score = 0, stability = 0;
    std::array<float, 2> point{};     ///< that was asked, pixels of the picture
    std::array<int, 4> crop{};        ///< the part that was looked at: left, top, right, bottom, the latter two beyond it
};

/// An answer to one point of a picture.
struct PointAnswer {
    float score = 0;
    std::function<Image()> logits; ///< one channel of the picture's size; asked for only where the score is enough
};
/// Gives, for each point (x, y in pixels), any number of answers, point after point: `picture` is the same for many calls.
using AskPoints = std::function<std::vector<std::vector<PointAnswer>>(const Image& picture, std::span<const std::array<float, 2>> points)>;

/// In the order of discovery. Throws Error for an empty picture, options out of range, and when cancelled.
std::vector<FoundMask> findMasks(const Image& image, const EverythingOptions& options, const AskPoints& ask,
                                 const Progress& progress = {}, const Cancel& cancel = {});

/// Parts of a picture that are looked at by themselves, with their layer; the whole first.
struct CropBox {
    std::array<int, 4> box; ///< left, top, right, bottom
    int layer;
};
std::vector<CropBox> cropBoxes(int width, int height, int layers, float overlapShare);

/// One picture that says of each pixel which mask it belongs to, the smallest where several do: number/65535, 0 where none;
/// numbers count from 1 in the order of the list, of which the first 65535 are drawn.
Image labelPicture(const std::vector<FoundMask>& masks, int width, int height);
/// The picture under colours, one a mask.
Image colouredMasks(const Image& image, const std::vector<FoundMask>& masks);
/// [{"label", "box": [left, top, width, height], "area", "score", "stability", "point", "crop"}, …]
Json masksToJson(const std::vector<FoundMask>& masks);

} // namespace ochre::models
