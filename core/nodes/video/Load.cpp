// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <string>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/nodes/ClipFiles.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Types.h"
#include "core/video/VideoReader.h"

namespace ochre::nodes::video {

graph::NodeDeclaration Load() {
    return graph::NodeDeclaration("video.load", 1, "Load video", "Video")
        .describe("Opens a video, or a folder of pictures as its frames. Frames are read when they are needed.")
        .keywords("open read file movie film clip mp4 mov sequence footage import")
        .output(socket("video", "Video", "The frames.", types::kVideo))
        .output(socket("count", "Frames", "How many there are.", graph::types::kInt))
        .output(socket("fps", "Frames a second", "How fast they follow each other.", graph::types::kFloat))
        .parameter({.id = "path", .label = "File", .help = "The video, or a folder of pictures, which are taken by name.",
                    .kind = graph::ParameterKind::File, .defaultValue = std::string(),
                    .filter = std::string("Videos (") + videoFilePatterns() + ")"})
        .onRun([](graph::RunContext& run) {
            if (run.text("path").empty()) throw Error("no video is chosen", "choose a file in the panel");
            const ClipPtr clip = openClip(paths::resolve(run.text("path")));
            run.setOutput("video", makeClipValue(clip));
            run.setOutput("count", graph::makeInt(clip->frames()));
            run.setOutput("fps", graph::makeFloat(clip->fps()));
        });
}

} // namespace ochre::nodes::video
