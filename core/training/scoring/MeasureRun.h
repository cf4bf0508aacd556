// SPDX-License-Identifier: GPL-3.0-or-later
// The work of `ochre measure`: a model that restores or selects, and what was there before it, on pictures of which the truth is known.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/image/Image.h"

namespace ochre::training {

struct MeasureRequest {
    std::string task;              ///< "noise_jpeg", "low_light": clean pictures are degraded so; "pairs": they are given; "click"
    std::filesystem::path pictures, ///< a folder: clean ones, of "pairs" degraded ones, of "click" what objects are laid on
        truth,                     ///< of "pairs": clean ones of the same names
        cutouts;                   ///< of "click": objects with alpha
    std::string baseline;          ///< of "pairs": "nlm" or "clahe"; else the task's own
    std::filesystem::path model;
    std::uint64_t seed = 1; ///< of degradations and scenes
    std::size_t count = 0;  ///< of pictures, or of scenes; 0: all pictures, 60 scenes
    int side = 512;         ///< the middle of a picture is measured, at most so wide and high; of scenes their side; 0: all of it
    bool sheet = false;
    Progress progress;
    Cancel cancel;
};

/// PSNR in dB and SSIM, or the intersection over union of masks as the one figure.
struct Figures {
    double first = 0, ssim = 0;
};

struct MeasuredPicture {
    std::string name;
    std::optional<Figures> given; ///< before anything; none of masks
    Figures baseline, model;
    double strength = 0; ///< of the baseline: that which suits this picture best, found with sight of the truth
};

struct MeasureOutcome {
    std::string baseline;       ///< "non-local means", "CLAHE", "GrabCut"
    bool masks = false;         ///< then the figures are of masks
    std::vector<MeasuredPicture> pictures;
    MeasuredPicture mean;       ///< of all figures
    double margin = 0, medianMargin = 0; ///< of the model over the baseline, in the first figure: of the means, and of half of the pictures
    Image sheet;                ///< given, baseline, model, truth of the first pictures; empty where none was asked for
};

const std::vector<std::string>& measureTasks();

/// Throws Error: tasks, folders and files that are not there, pictures without their truth.
MeasureOutcome measure(const MeasureRequest& request);

} // namespace ochre::training
