// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures out of a video file, any that FFmpeg reads, by number and exactly.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

/// By extension, in any case: what is offered as a video. Whether it is one, the reader says.
bool isVideo(const std::filesystem::path& file);
const char* videoPatterns(); ///< "*.mp4 *.mov …", for file dialogs

struct VideoInfo {
    int width = 0, height = 0; ///< of a frame as it is given: turned upright
    double fps = 0;            ///< the mean; frames may have times of their own
    double pixelAspect = 1;    ///< width of a pixel to its height
    bool alpha = false;
    std::string codec; ///< "h264", …
    std::string sound; ///< codec of the first track of sound, "" where there is none
};

/// One thread at a time. What is asked for in order is decoded once; a jump begins at the key frame before.
class VideoFrames {
public:
    /// Throws Error that starts with the file's name: NotMine where it is no video, Broken where it is damaged.
    explicit VideoFrames(const std::filesystem::path& file);
    ~VideoFrames();
    VideoFrames(const VideoFrames&) = delete;
    VideoFrames& operator=(const VideoFrames&) = delete;

    const VideoInfo& info() const;
    /// When each frame is shown, in seconds of the file, rising. The first call reads through the file, without decoding.
    const std::vector<double>& times(const Cancel& cancel = {});
    /// From 0: display sRGB, three channels, or four with straight alpha. Throws Error for one that is not there or cannot be
    /// decoded; others can still be asked for.
    Image frame(std::size_t index, const Cancel& cancel = {});

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre
