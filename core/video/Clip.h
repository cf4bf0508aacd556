// SPDX-License-Identifier: GPL-3.0-or-later
// A video as frames that are read when they are asked for: of a file, or masks kept in memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "core/image/Image.h"
#include "core/image/MaskRuns.h"

namespace ochre {

class Clip {
public:
    virtual ~Clip() = default;
    int width() const { return m_width; }
    int height() const { return m_height; }
    int frames() const { return m_frames; }
    double fps() const { return m_fps; }
    virtual std::size_t bytes() const { return 0; } ///< kept in memory, beyond what is read again at need

    /// Frame `index` from 0. Safe from any thread. Throws Error where there is none, or it cannot be read.
    virtual Image frame(int index) const = 0;

protected:
    int m_width = 0, m_height = 0, m_frames = 0;
    double m_fps = 30;
};

using ClipPtr = std::shared_ptr<const Clip>;

/// Opens a video file (see VideoFrames.h), or a folder whose pictures, by name, are the frames. Frames one after the other, either
/// way, are decoded some few times at most: the last ones are kept, up to 256 MB. Throws Error.
ClipPtr openClip(const std::filesystem::path& path);

/// Masks as lengths of runs, some kilobytes a frame; what is not set is empty.
class MaskClip final : public Clip {
public:
    MaskClip(int width, int height, int frames, double fps);

    void set(int index, const Image& mask); ///< of the clip's size and one channel; above ½ is chosen
    bool has(int index) const { return !m_runs.at(static_cast<std::size_t>(index)).empty(); }
    Image frame(int index) const override; ///< one channel, raw, 0 or 1
    std::size_t bytes() const override;

private:
    std::vector<MaskRuns> m_runs; ///< of each frame; none where it is not set
};

} // namespace ochre
