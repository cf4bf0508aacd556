// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/image/Color.h"
#include "core/image/Mask.h"
#include "core/models/vision/GrabCut.h"
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

std::shared_ptr<const models::Segmenter> segmenterOf(const graph::RunContext& run) {
    const std::string& model = run.text("model");
    return model.empty() ? nullptr : openKept<models::Segmenter>(findModelOrThrow(model));
}

models::SegmentAnswer answerOf(const models::Segmenter& segmenter, const Image& image, const models::SegmentPrompt& prompt,
                               const std::string& wanted, const Progress& progress, const Cancel& cancel) {
    const std::size_t place = wanted == "second" ? 1 : wanted == "third" ? 2 : 0;
    return segmenter.select(image, prompt, wanted != "auto" || isAmbiguous(prompt), place, progress, cancel);
}

void run(graph::RunContext& run) {
    const Image& image = run.inputAs<Image>("image");
    const std::vector<models::SegmentPrompt> prompts = promptsOf(run);
    const auto segmenter = segmenterOf(run);
    if (segmenter && prompts.empty()) segmenter->look(image, run.progress(), run.cancel());
    Image mask = solidMask(image.width(), image.height(), 0);
    double score = 1; // of the least sure one
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        const double count = static_cast<double>(prompts.size()), from = static_cast<double>(i);
        const auto part = run.progress().part(from / count, (from + 1) / count);
        const models::SegmentAnswer answer =
            segmenter ? answerOf(*segmenter, image, prompts[i], run.text("answer"), part, run.cancel())
                      : models::SegmentAnswer{models::grabCut(image, prompts[i], part, run.cancel()), 1};
        mask = combineMasks(mask, answer.mask, 0, 0, MaskOperation::Or);
        score = std::min(score, static_cast<double>(answer.score));
    }
    if (run.flag("invert")) mask = invert(mask, run.cancel());
    run.setOutput("mask", makeMaskValue(std::move(mask)));
    run.setOutput("score", graph::makeFloat(score));
}

} // namespace

graph::NodeDeclaration Select() {
    return graph::NodeDeclaration("understand.select", 1, "Select by points", "Understand")
        .describe("Cuts an object out of a picture from a few points on it, or a box around it, with SAM, SAM 2 or MobileSAM. The picture "
                  "is looked at once; further points take no time. A small one comes with Ochre: segment. Without a model, colours and edges decide (GrabCut). Without a "
                  "point and a box nothing is selected.")
        .keywords("segment anything sam sam2 mobilesam grabcut mask cut out object click box roto")
        .input({.id = "image", .label = "Image", .help = "The picture.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .input(optional(socket("boxes", "Boxes", "What a detector found: all of it is selected, too.", types::kDetections)))
        .output(socket("mask", "Mask", "1 where the object is.", types::kMask))
        .output(socket("score", "Score", "How much of it is right, as the network thinks; of several, the least. 1 without a model.",
                       graph::types::kFloat))
        .parameter({.id = "model", .label = "Model",
                    .help = "A SAM, SAM 2 or MobileSAM checkpoint from the models folder, or a path; segment comes with Ochre; empty: GrabCut, which needs none.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter(longText("points", "Points",
                            "x,y of points on the object, in pixels, apart by spaces; x,y,0 is a point that does not belong to it."))
        .parameter({.id = "box", .label = "Box", .help = "left,top,right,bottom around the object, in pixels; may be empty.",
                    .kind = graph::ParameterKind::Text, .defaultValue = std::string()})
        .parameter(flag("invert", "Invert", "Selects all but the object.", false))
        .parameter(advanced(choice("answer", "Answer", "A point may mean a whole thing or a part of it: which answer is taken.",
                                   {{"auto", "The surest"}, {"first", "The surest of three"}, {"second", "The second of three"},
                                    {"third", "The third of three"}})))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::understand
