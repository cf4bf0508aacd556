// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/ClipFiles.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::video {

graph::NodeDeclaration Frame() {
    return graph::NodeDeclaration("video.frame", 1, "Video frame", "Video")
        .describe("One frame of a video as a picture; of tracked masks, a mask. Where a graph is run over a video, its number follows.")
        .keywords("still picture time movie film mask")
        .input(socket("video", "Video", "The frames.", types::kVideo))
        .output(socket("image", "Image", "The frame.", types::kImage))
        .parameter(whole("frame", "Frame", "Its number, from 0.", 0, {.min = 0, .max = 20'000'000, .softMax = 300}))
        .onRun([](graph::RunContext& run) {
            const ClipPtr& clip = run.inputAs<ClipPtr>("video");
            const auto number = run.integer("frame");
            if (number >= clip->frames())
                throw Error(fmt::format("there is no frame {}", number), fmt::format("the video has {}, the first is 0", clip->frames()));
            run.setOutput("image", makeImageValue(clip->frame(static_cast<int>(number))));
        });
}

} // namespace ochre::nodes::video
