// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/models/vision/VideoTracker.h"
#include "core/nodes/ClipFiles.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Types.h"
#include "core/video/VideoFrames.h"

namespace ochre::nodes::understand {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kShownEvery = std::chrono::milliseconds(250); ///< what is done so far

void addMask(graph::RunContext& run, models::TrackJob& job) {
    if (!run.hasInput("mask")) return;
    const int frame = static_cast<int>(run.integer("mask_frame"));
    const auto there = std::ranges::find(job.prompts, frame, &models::TrackPrompt::frame);
    auto& prompt = there == job.prompts.end() ? job.prompts.emplace_back(models::TrackPrompt{.frame = frame}) : *there;
    prompt.mask = run.inputAs<Image>("mask");
}

void run(graph::RunContext& run) {
    if (run.text("video").empty()) throw Error("no video is chosen", "choose a file in the panel");
    const ClipPtr clip = openClip(paths::resolve(run.text("video")));
    const std::string& direction = run.text("direction");
    models::TrackJob job{.frames = clip->frames(),
                         .frame = [&](int index) { return clip->frame(index); },
                         .prompts = models::parseTrackPrompts(run.text("prompts")),
                         .forward = direction != "backward",
                         .backward = direction != "forward"};
    addMask(run, job);
    MaskClip masks(clip->width(), clip->height(), clip->frames(), clip->fps());
    double least = 1;
    auto shown = Clock::now();
    const models::TrackSink sink = [&](int frame, const Image& mask, float score) {
        masks.set(frame, mask);
        least = std::min(least, static_cast<double>(score));
        run.waitWhilePaused();
        if (Clock::now() - shown < kShownEvery) return;
        run.preview("masks", makeClipValue(std::make_shared<const MaskClip>(masks)));
        shown = Clock::now();
    };
    if (run.text("model").empty())
        models::trackByColours(job, sink, run.progress(), run.cancel());
    else
        openKept<models::VideoTracker>(findModelOrThrow(run.text("model")))->track(job, sink, run.progress(), run.cancel());
    run.setOutput("masks", makeClipValue(std::make_shared<const MaskClip>(std::move(masks))));
    run.setOutput("score", graph::makeFloat(least));
}

} // namespace

graph::NodeDeclaration Track() {
    return graph::NodeDeclaration("understand.track", 1, "Track through a video", "Understand")
        .describe("Follows an object through a video, from points on it, a box around it or its mask in one frame or more. With SAM 2, "
                  "or, without a model, by motion, colours and edges.")
        .keywords("segment sam2 rotoscope roto mask video follow object propagate grabcut matte")
        .input(optional(socket("mask", "Mask", "The object in one frame, in place of points.", types::kMask)))
        .output(socket("masks", "Masks", "A mask for each frame; empty where the object is not, or was not looked for.", types::kVideo))
        .output(socket("score", "Score", "How sure the least sure frame is, 0 to 1.", graph::types::kFloat))
        .parameter({.id = "video", .label = "Video", .help = "Where the object is; or a folder of pictures, which are taken by name.",
                    .kind = graph::ParameterKind::File, .defaultValue = std::string(),
                    .filter = std::string("Videos (") + videoPatterns() + ")"})
        .parameter({.id = "model", .label = "Model",
                    .help = "A SAM 2 checkpoint from the models folder, or a path; empty: motion, colours and edges decide.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter(longText("prompts", "Prompts",
                            "A line a frame, numbered from 0: x,y of points on the object, in pixels; x,y,0 is a point that does not "
                            "belong to it; [left,top,right,bottom] a box around it. 12: 120,80 300,200,0 [40,30,200,180]"))
        .parameter(choice("direction", "Direction", "Which way from the prompted frames.",
                          {{"both", "Through the whole video"}, {"forward", "Forward"}, {"backward", "Backward"}}))
        .parameter(whole("mask_frame", "Frame of the mask", "To which frame the linked mask belongs, from 0.", 0,
                         {.min = 0, .max = 20'000'000, .softMax = 300}))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::understand
