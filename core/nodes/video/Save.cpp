// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/nodes/ClipFiles.h"
#include "core/nodes/Describe.h"
#include "core/nodes/OutputPath.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::video {

graph::NodeDeclaration Save() {
    return graph::NodeDeclaration("video.save", 1, "Save video", "Video")
        .describe("Writes a video file, or its frames as pictures. Masks become grey.")
        .keywords("write export movie film mp4 mov sequence frames mask")
        .input(socket("video", "Video", "The frames.", types::kVideo))
        .output(socket("path", "File", "What was written.", graph::types::kText))
        .parameter({.id = "path", .label = "File", .help = "film.mp4 (H.264), film.mov (ProRes), or pictures such as frames/%04d.png.",
                    .kind = graph::ParameterKind::SaveFile, .defaultValue = std::string(),
                    .filter = "Videos and pictures (*.mp4 *.mov *.png *.exr *.jpg *.webp *.tif)"})
        .sink()
        .uncached()
        .onRun([](graph::RunContext& run) {
            const std::string path = outputPath(run, "path");
            writeClip(*run.inputAs<ClipPtr>("video"), path, run.progress(), run.cancel());
            run.setOutput("path", graph::makeText(path));
        });
}

} // namespace ochre::nodes::video
