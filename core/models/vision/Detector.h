// SPDX-License-Identifier: GPL-3.0-or-later
// Finds objects in pictures with any detection checkpoint: YOLOX and DETR. Free of LibTorch.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/base/Cancel.h"
#include "core/image/Detections.h"

namespace ochre::models {

struct DetectOptions {
    float threshold = 0; ///< least score of what is kept; 0: what suits the network (0.3 for YOLOX, 0.7 for DETR)
    float overlap = 0.45f; ///< YOLOX: boxes of a class that overlap a surer one by more are the same object
};

/// Copies share the network. Thread-safe.
class Detector {
public:
    /// Opens by content. A DETR with a dilated last stage has the same tensors as one without: it is told by "dc5" in the
    /// file's name. Throws Error listing what the file holds where it is no detector.
    static Detector open(const std::filesystem::path& path);

    const std::string& architecture() const; ///< "yolox", "detr"

    /// What is in a picture of 1 to 4 channels, in its pixels, the surest first; alpha is not looked at. Throws Error, also
    /// when cancelled.
    Detections detect(const Image& image, const DetectOptions& options = {}, const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

} // namespace ochre::models
