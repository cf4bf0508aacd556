// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures into a video file: H.264 in .mp4, ProRes in .mov.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "core/image/Image.h"

namespace ochre {

/// How players are to show it, which the file says (Google's spherical video V2 boxes st3d and sv3d).
enum class VideoKind { Flat, SideBySide, Panorama };

struct VideoOptions {
    int width = 0, height = 0;
    double fps = 30;
    bool alpha = false; ///< ProRes 4444 with straight alpha; else 422 HQ
    int quality = 18;   ///< of H.264: its constant rate factor, 0…51, less is better and larger
    VideoKind kind = VideoKind::Flat;
};

/// What such a file would hold. Throws Error, starting with the file's name: another extension, sides below 16 or above 8192,
/// odd ones in .mp4 (its colours have half the size), alpha in .mp4, fps outside 0.1…240, no encoder on this system.
void checkVideo(const std::filesystem::path& file, const VideoOptions& options);

/// Replaces `file` wholly when it is finished; destroyed before that, nothing is left behind. Colours are written as Rec. 709
/// within 16…235 and labelled so. The same frames give the same bytes on the same machine.
class VideoWriter {
public:
    VideoWriter(const std::filesystem::path& file, const VideoOptions& options); ///< throws as checkVideo does
    ~VideoWriter();
    VideoWriter(const VideoWriter&) = delete;
    VideoWriter& operator=(const VideoWriter&) = delete;

    /// Display sRGB [height, width] of three channels, or four with straight alpha, which is left out where the file has none.
    void add(const Image& frame);
    std::size_t frames() const;
    void finish();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre
