// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/ClipFiles.h"

#include <optional>

#include <fmt/format.h>

#include "core/image/ImageIo.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/render/Film.h"
#include "core/video/VideoFrames.h"
#include "core/video/VideoWriter.h"

namespace ochre::nodes {

graph::Value makeClipValue(ClipPtr clip) {
    const std::size_t bytes = clip->bytes();
    return graph::Value::make<ClipPtr>(types::kVideo, std::move(clip), bytes);
}

void writeClip(const Clip& clip, const std::filesystem::path& path, const Progress& progress, const Cancel& cancel) {
    const bool video = isVideo(path);
    std::optional<VideoWriter> writer;
    if (video)
        writer.emplace(path, VideoOptions{.width = clip.width(), .height = clip.height(), .fps = clip.fps()});
    else
        imageFormatFromPath(path);
    if (!path.parent_path().empty()) std::filesystem::create_directories(path.parent_path());
    for (int i = 0; i < clip.frames(); ++i) {
        cancel.check();
        progress.report(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(clip.frames()),
                        fmt::format("Frame {} of {}", i, clip.frames() - 1));
        const Image frame = clip.frame(i);
        if (writer)
            writer->add(frame.channels() < 3 ? imageFromMask(frame) : frame);
        else
            writeImage(frame, frameFile(path, i));
    }
    if (writer) writer->finish();
}

} // namespace ochre::nodes
