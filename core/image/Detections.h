// SPDX-License-Identifier: GPL-3.0-or-later
// Objects found in a picture: boxes with a class and a score, their JSON, and the picture that shows them.
#pragma once

#include <string>
#include <vector>

#include "core/base/Json.h"
#include "core/image/Image.h"

namespace ochre {

struct Detection {
    float left = 0, top = 0, right = 0, bottom = 0; ///< pixels of the picture, edges, not middles of pixels
    float score = 0;                                ///< 0…1
    int kind = 0;                                   ///< number of the class in the network
    std::string label;                              ///< its name

    bool operator==(const Detection&) const = default;
};
using Detections = std::vector<Detection>; ///< the surest first

/// [{"class", "label", "score", "box": [left, top, right, bottom]}, …]
Json detectionsToJson(const Detections& detections);
/// Throws Error where the JSON is not of that form.
Detections detectionsFromJson(const Json& json);

/// Share of what two boxes cover together that they have in common; 0 where both are empty.
float overlap(const Detection& a, const Detection& b);

/// The surest of each object: a box that overlaps a surer one of its class by more than `most` is left out. The result
/// is sorted by score; equal scores keep their order.
Detections suppressOverlaps(Detections boxes, float most);

/// The picture with a frame around each object, in a colour for each class, and label and score on it.
Image drawDetections(const Image& image, const Detections& detections);

/// A mask, 1 inside the boxes.
Image maskOfDetections(const Detections& detections, int width, int height);

} // namespace ochre
