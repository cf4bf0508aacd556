// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/Error.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/image/Mask.h"
#include "core/models/vision/Segmenter.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::understand {
namespace {

/// One prompt of the parameters, and one for each box that came by a link.
std::vector<models::SegmentPrompt> promptsOf(graph::RunContext& run) {
    std::vector<models::SegmentPrompt> prompts;
    models::SegmentPrompt own{.points = models::parsePoints(run.text("points")), .box = models::parseBox(run.text("box"))};
    if (!own.points.empty() || own.box) prompts.push_back(std::move(own));
    if (run.hasInput("boxes"))
        for (const Detection& found : run.inputAs<Detections>("boxes"))
            prompts.push_back({.box = models::SegmentBox{found.left, found.top, found.right, found.bottom}});
    return prompts;
}

/// A box or several points leave no doubt; a single point may mean the whole or a part.
bool isAmbiguous(const models::SegmentPrompt& prompt) {
    return !prompt.box && prompt.points.size() == 1;
}

void run(graph::RunContext& run) {
    const auto segmenter = openKept<models::Segmenter>(findModelOrThrow(run.text("model")));
    const Image& image = run.inputAs<Image>("image");
    const std::vector<models::SegmentPrompt> prompts = promptsOf(run);
    if (prompts.empty() && !run.hasInput("boxes"))
        throw Error("nothing says what is to be selected", "give a point on the object as x,y, or a box around it");
    const std::string& answer = run.text("answer");
    Image mask = solidMask(image.width(), image.height(), 0);
    double score = 1; // of the least sure one
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        run.progress().report(i, prompts.size());
        const bool three = answer != "auto" || isAmbiguous(prompts[i]);
        const auto part = run.progress().part(static_cast<double>(i) / static_cast<double>(prompts.size()),
                                              static_cast<double>(i + 1) / static_cast<double>(prompts.size()));
        const auto answers = segmenter->segment(image, prompts[i], three, part, run.cancel());
        const std::size_t wanted = answer == "second" ? 1 : answer == "third" ? 2 : 0;
        const models::SegmentAnswer& chosen = answers[std::min(wanted, answers.size() - 1)];
        mask = combineMasks(mask, chosen.mask, 0, 0, MaskOperation::Or);
        score = std::min(score, static_cast<double>(chosen.score));
    }
    run.setOutput("mask", makeMaskValue(std::move(mask)));
    run.setOutput("score", graph::makeFloat(score));
}

} // namespace

graph::NodeDeclaration Select() {
    return graph::NodeDeclaration("understand.select", 1, "Select by points", "Understand")
        .describe("Cuts an object out of a picture from a few points on it, or a box around it, with SAM, SAM 2 or MobileSAM. The picture "
                  "is looked at once; further points take no time.")
        .keywords("segment anything sam sam2 mobilesam mask cut out object click box roto")
        .input({.id = "image", .label = "Image", .help = "The picture.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .input(optional(socket("boxes", "Boxes", "What a detector found: all of it is selected, too.", types::kDetections)))
        .output(socket("mask", "Mask", "1 where the object is.", types::kMask))
        .output(socket("score", "Score", "How much of it is right, as the network thinks; of several, the least.", graph::types::kFloat))
        .parameter({.id = "model", .label = "Model", .help = "A SAM, SAM 2 or MobileSAM checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter(longText("points", "Points",
                            "x,y of points on the object, in pixels, apart by spaces; x,y,0 is a point that does not belong to it."))
        .parameter({.id = "box", .label = "Box", .help = "left,top,right,bottom around the object, in pixels; may be empty.",
                    .kind = graph::ParameterKind::Text, .defaultValue = std::string()})
        .parameter(advanced(choice("answer", "Answer", "A point may mean a whole thing or a part of it: which answer is taken.",
                                   {{"auto", "The surest"}, {"first", "The surest of three"}, {"second", "The second of three"},
                                    {"third", "The third of three"}})))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::understand
