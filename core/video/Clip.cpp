// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/Clip.h"

#include <algorithm>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ImageIo.h"
#include "core/image/PictureFiles.h"
#include "core/video/VideoFrames.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kKeptBytes = 256u << 20; ///< of decoded frames
constexpr int kMostKept = 16;

class PictureFolder final : public Clip {
public:
    explicit PictureFolder(const fs::path& folder) : m_folder(folder) {
        for (const auto& entry : fs::directory_iterator(folder))
            if (entry.is_regular_file() && isPictureFile(entry.path())) m_files.push_back(entry.path());
        if (m_files.empty()) throw Error(folder.string() + ": no pictures in this folder", "choose one with the frames of a video");
        std::ranges::sort(m_files);
        const ImageInfo first = probeImage(m_files.front());
        m_width = first.width;
        m_height = first.height;
        m_frames = static_cast<int>(m_files.size());
    }

    Image frame(int index) const override {
        if (index < 0 || index >= m_frames)
            throw Error(fmt::format("{}: no frame {}, there are {}", m_folder.string(), index, m_frames));
        const fs::path& file = m_files[static_cast<std::size_t>(index)];
        Image image = readImage(file);
        if (image.width() != m_width || image.height() != m_height)
            throw Error(fmt::format("{}: {}×{}, the first frame is {}×{}", file.string(), image.width(), image.height(), m_width, m_height),
                        "frames of a video have one size");
        return image;
    }

private:
    fs::path m_folder;
    std::vector<fs::path> m_files;
};

class VideoFile final : public Clip {
public:
    explicit VideoFile(const fs::path& file) : m_name(file.filename().string()), m_video(file) {
        const VideoInfo& info = m_video.info();
        m_width = info.width;
        m_height = info.height;
        m_frames = static_cast<int>(m_video.times().size());
        if (info.fps > 0) m_fps = info.fps;
    }

    /// A way back is read in short ways forward, since a video is decoded forward alone.
    Image frame(int index) const override {
        if (index < 0 || index >= m_frames)
            throw Error(fmt::format("{}: has no frame {}", m_name, index), fmt::format("it has {}, the first is 0", m_frames));
        const std::lock_guard lock(m_mutex);
        if (const auto there = m_kept.find(index); there != m_kept.end()) return there->second;
        const std::size_t each = static_cast<std::size_t>(m_width) * static_cast<std::size_t>(m_height) * 3 * sizeof(float);
        const int most = std::clamp(static_cast<int>(kKeptBytes / each), 1, kMostKept);
        const bool back = !m_kept.empty() && index == m_kept.begin()->first - 1;
        const int from = back ? std::max(0, index + 1 - most) : index;
        if (back) m_kept.clear();
        for (int i = from; i < index; ++i) readAhead(i);
        m_kept.insert_or_assign(index, m_video.frame(static_cast<std::size_t>(index)));
        while (static_cast<int>(m_kept.size()) > most) // what lies farthest from here goes
            m_kept.erase(index - m_kept.begin()->first > m_kept.rbegin()->first - index ? m_kept.begin() : std::prev(m_kept.end()));
        return m_kept.at(index);
    }

private:
    void readAhead(int index) const {
        try {
            m_kept.insert_or_assign(index, m_video.frame(static_cast<std::size_t>(index)));
        } catch (const Error&) { // is told when it is asked for
        }
    }

    std::string m_name;
    mutable VideoFrames m_video;
    mutable std::mutex m_mutex;
    mutable std::map<int, Image> m_kept;
};

} // namespace

ClipPtr openClip(const fs::path& path) {
    if (fs::is_directory(path)) return std::make_shared<PictureFolder>(path);
    return std::make_shared<VideoFile>(path);
}

MaskClip::MaskClip(int width, int height, int frames, double fps) : m_runs(static_cast<std::size_t>(frames)) {
    m_width = width;
    m_height = height;
    m_frames = frames;
    m_fps = fps;
}

void MaskClip::set(int index, const Image& mask) {
    if (mask.width() != m_width || mask.height() != m_height || mask.channels() != 1)
        throw Error(fmt::format("a mask of {}×{} with {} channels does not fit a video of {}×{}", mask.width(), mask.height(),
                                mask.channels(), m_width, m_height));
    m_runs.at(static_cast<std::size_t>(index)) = runsOf(mask);
}

Image MaskClip::frame(int index) const {
    if (index < 0 || index >= m_frames) throw Error(fmt::format("no frame {} in a video of {}", index, m_frames));
    return maskOfRuns(m_runs[static_cast<std::size_t>(index)], m_width, m_height);
}

std::size_t MaskClip::bytes() const {
    std::size_t bytes = 0;
    for (const auto& runs : m_runs) bytes += runs.size() * sizeof(std::uint32_t);
    return bytes;
}

} // namespace ochre
