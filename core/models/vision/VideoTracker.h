// SPDX-License-Identifier: GPL-3.0-or-later
// Follows one object through a video from points, a box or a mask on one or more of its frames: with SAM 2, and without any
// network by motion, colours and edges. Free of LibTorch.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/models/vision/Segmenter.h"

namespace ochre::models {

/// What is known of one frame.
struct TrackPrompt {
    int frame = 0;        ///< from 0
    SegmentPrompt prompt; ///< points and a box, or
    Image mask;           ///< if it is not empty: one channel of the frame's size, above ½ where the object is
};

struct TrackJob {
    int frames = 0;
    std::function<Image(int)> frame; ///< all of one size; asked for one after the other, each way
    std::vector<TrackPrompt> prompts; ///< at least one, frames each once
    bool forward = true, backward = true; ///< backward begins at the first prompt, or at the last where forward is not asked
};

/// The mask of a frame, of its size, one channel, 0 or 1, and how sure it is, 0…1. Called in the order of work.
using TrackSink = std::function<void(int frame, const Image& mask, float score)>;

/// "12: 120,80 300,200,0 [40,30,200,180]", a line a frame, of which the first is 0: points as parsePoints() reads them, a box in brackets. Throws Error
/// naming what cannot be read.
std::vector<TrackPrompt> parseTrackPrompts(const std::string& text);
std::string trackPromptsText(const std::vector<TrackPrompt>& prompts);

/// Throws Error: no prompt, a frame that is not there or prompted twice, no way to go.
void checkTrack(const TrackJob& job);

/// Copies share the network. Thread-safe.
class VideoTracker {
public:
    /// Throws Error listing what the file holds where it is no whole SAM 2.
    static VideoTracker open(const std::filesystem::path& path);

    /// By the rules of the published predictor (Sam2Video.h). Holds the memories of some 40 frames, however long the video
    /// is. Throws Error as checkTrack() and checkPrompt() do, and when cancelled.
    void track(const TrackJob& job, const TrackSink& sink, const Progress& progress = {}, const Cancel& cancel = {}) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

/// Without a network: the first mask by GrabCut, then from frame to frame the object's picture is found again (matching of
/// the pixels under the mask, moved and scaled) and its edge cut anew by GrabCut in a band about where it should be. Finds an
/// object again that was hidden for a while. The same each time. Throws as VideoTracker::track does.
void trackByColours(const TrackJob& job, const TrackSink& sink, const Progress& progress = {}, const Cancel& cancel = {});

} // namespace ochre::models
