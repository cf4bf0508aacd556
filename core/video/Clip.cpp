// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/Clip.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ImageIo.h"
#include "core/video/VideoReader.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;

bool isPictureFile(const fs::path& path) {
    try {
        imageFormatFromPath(path);
        return true;
    } catch (const Error&) {
        return false;
    }
}

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

} // namespace

ClipPtr openClip(const fs::path& path) {
    if (fs::is_directory(path)) return std::make_shared<PictureFolder>(path);
    return std::make_shared<VideoReader>(path);
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
