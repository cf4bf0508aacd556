// SPDX-License-Identifier: GPL-3.0-or-later
// Video files as frames, in any order: whatever this system's FFmpeg decodes.
#pragma once

#include <filesystem>
#include <memory>

#include "core/video/Clip.h"

namespace ochre {

/// By extension, in any case.
bool isVideoFile(const std::filesystem::path& path);
/// "*.mp4 *.mov …", for file dialogs.
const char* videoFilePatterns();

/// The times of all frames are read when it is opened, so a number means the same frame from wherever it is asked for. One
/// after the other, either way, costs each frame once: the last decoded ones are kept, up to 256 MB. Frames are display
/// sRGB, three channels, in the size they are stored; alpha is left out.
class VideoReader final : public Clip {
public:
    /// Throws Error that starts with the file's name: no video in it, no decoder on this system, damaged.
    explicit VideoReader(const std::filesystem::path& file);
    ~VideoReader() override;

    Image frame(int index) const override;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre
