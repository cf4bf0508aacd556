// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts objects out of pictures by points and boxes, with any checkpoint of SAM, MobileSAM or SAM 2. Free of LibTorch.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/image/Image.h"
#include "core/models/vision/MaskGenerator.h"

namespace ochre::models {

struct SegmentPoint {
    float x = 0, y = 0;   ///< pixels of the picture
    bool belongs = true;  ///< to the object; else what stands there does not
};

struct SegmentBox {
    float left = 0, top = 0, right = 0, bottom = 0; ///< pixels of the picture
};

/// One object: points, a box, or both.
struct SegmentPrompt {
    std::vector<SegmentPoint> points;
    std::optional<SegmentBox> box;
};

/// "120,80 300,200,0": x,y of points, apart by spaces or semicolons; a third number 0 says that a point does not belong to
/// the object, 1 that it does. Throws Error naming what cannot be read.
std::vector<SegmentPoint> parsePoints(const std::string& text);
/// "left,top,right,bottom", or nothing where the text is empty. Throws Error.
std::optional<SegmentBox> parseBox(const std::string& text);

/// Throws Error for a prompt without point and box, for a point outside the picture, a box without area and an empty picture.
void checkPrompt(const SegmentPrompt& prompt, const Image& image);

struct SegmentAnswer {
    Image mask;      ///< one channel, raw, of the picture's size: 1 where the object is
    float score = 0; ///< how much of it is right, as the network thinks, about 0…1
};

/// Copies share the network and the pictures that it has seen last. Thread-safe.
class Segmenter {
public:
    /// Opens by content. Throws Error listing what the file holds where it is no whole model of that kind.
    static Segmenter open(const std::filesystem::path& path);

    const std::string& architecture() const; ///< "sam", "mobile_sam", "sam2"

    /// The answers of the network, the best first: three (whole, part, smaller part) or, where `three` is not asked for, one.
    /// The image encoder runs once for a picture: the last few are known by their content. Of a network that sees less than
    /// 512 pixels (our own), edges are cut where the picture has them (EdgeCut); where these speak against the best answer, they
    /// decide alone (GrabCut). Throws Error for a prompt
    /// without point and box and for one outside the picture, also when cancelled.
    std::vector<SegmentAnswer> segment(const Image& image, const SegmentPrompt& prompt, bool three = true,
                                       const Progress& progress = {}, const Cancel& cancel = {}) const;

    /// The one at `place` of these, or the last; the others' masks are not made, which takes most of the time of large pictures.
    SegmentAnswer select(const Image& image, const SegmentPrompt& prompt, bool three = true, std::size_t place = 0,
                         const Progress& progress = {}, const Cancel& cancel = {}) const;

    /// Runs the image encoder on a picture that is not known yet, so that what is asked next takes no time.
    void look(const Image& image, const Progress& progress = {}, const Cancel& cancel = {}) const;

    /// A mask for each thing in the picture (MaskGenerator.h).
    std::vector<FoundMask> everything(const Image& image, const EverythingOptions& options = {}, const Progress& progress = {},
                                      const Cancel& cancel = {}) const;

    int encodings() const; ///< how often the image encoder has run

private:
    struct State;
    std::vector<SegmentAnswer> answers(const Image& image, const SegmentPrompt& prompt, bool three, std::optional<std::size_t> place,
                                       const Progress& progress, const Cancel& cancel) const;
    std::shared_ptr<State> m_state;
};

} // namespace ochre::models
