// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/image/Color.h"
#include "core/image/ImageIo.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/video/VideoFrames.h"

namespace ochre::nodes::image {
namespace {

struct Read {
    Image image;
    std::int64_t frames = 1; ///< there are
};

/// A frame of the video that was read last, or of another: so that frames in order are decoded once.
Read frameOf(const std::filesystem::path& file, std::size_t index, const Cancel& cancel) {
    static std::mutex mutex;
    static std::filesystem::path opened;
    static std::filesystem::file_time_type time;
    static std::unique_ptr<VideoFrames> reader;
    const std::lock_guard lock(mutex);
    std::error_code error; // the reader says what is wrong with a file
    const auto now = std::filesystem::last_write_time(file, error);
    if (!reader || opened != file || time != now) {
        reader = std::make_unique<VideoFrames>(file);
        opened = file;
        time = now;
    }
    return {reader->frame(index, cancel), static_cast<std::int64_t>(reader->times(cancel).size())};
}

} // namespace

graph::NodeDeclaration Load() {
    return graph::NodeDeclaration("image.load", 1, "Load image", "Image")
        .describe("Reads a picture: PNG, JPEG, WebP, TIFF, EXR, HDR, BMP or TGA. Of a video, one frame.")
        .keywords("open read file picture photo import video frame")
        .output({.id = "image",
                 .label = "Image",
                 .help = "The picture, with its metadata.",
                 .type = types::kImage})
        .output({.id = "mask",
                 .label = "Alpha",
                 .help = "Its alpha; white where it has none.",
                 .type = types::kMask})
        .output({.id = "frames",
                 .label = "Frames",
                 .help = "How many a video has; 1 of a picture.",
                 .type = graph::types::kInt})
        .parameter({.id = "path",
                    .label = "File",
                    .help = "The picture to read, or the video.",
                    .kind = graph::ParameterKind::File,
                    .defaultValue = std::string(),
                    .filter = std::string("Pictures and videos (") + imageFilePatterns() + " " + videoPatterns() + ")"})
        .parameter({.id = "frame",
                    .label = "Frame",
                    .help = "Which frame of a video, from 0; pictures have no use for it.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .softMax = 240,
                    .advanced = true})
        .parameter({.id = "color_space",
                    .label = "Colour space",
                    .help = "What the numbers of the file mean, where it does not say or says it wrongly.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("auto"),
                    .choices = {{"auto", "From the file"},
                                {"sRGB", "sRGB"},
                                {"linear", "Linear"},
                                {"Rec.709", "Rec.709"},
                                {"raw", "Raw data"}},
                    .advanced = true})
        .parameter({.id = "orientation",
                    .label = "Turn upright",
                    .help = "Turns the picture as the camera noted.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = true,
                    .advanced = true})
        .onRun([](graph::RunContext& run) {
            if (run.text("path").empty()) throw Error("no picture is chosen", "choose a file in the panel");
            ReadOptions options;
            if (run.text("color_space") != "auto")
                options.colorSpace = colorSpaceFromName(run.text("color_space"));
            options.applyOrientation = run.flag("orientation");
            const std::filesystem::path file = paths::resolve(run.text("path"));
            const Read read = isVideo(file) ? frameOf(file, static_cast<std::size_t>(run.integer("frame")), run.cancel())
                                            : Read{readImage(file, options, run.cancel())};
            run.setOutput("mask", makeMaskValue(alphaOf(read.image)));
            run.setOutput("image", makeImageValue(read.image));
            run.setOutput("frames", graph::makeInt(read.frames));
        });
}

} // namespace ochre::nodes::image
