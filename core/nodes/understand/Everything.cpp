// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/models/vision/Segmenter.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::understand {
namespace {

Detections boxesOf(const std::vector<models::FoundMask>& masks) {
    Detections boxes;
    for (const models::FoundMask& m : masks)
        boxes.push_back({static_cast<float>(m.box[0]), static_cast<float>(m.box[1]), static_cast<float>(m.box[2] + 1),
                         static_cast<float>(m.box[3] + 1), m.score, 0, "part " + std::to_string(boxes.size() + 1)});
    return boxes;
}

void run(graph::RunContext& run) {
    const Image& image = run.inputAs<Image>("image");
    const auto share = [&](const char* id) { return static_cast<float>(run.number(id)); };
    const models::EverythingOptions options{.pointsPerSide = static_cast<int>(run.integer("points")),
                                            .leastScore = share("score"),
                                            .leastStability = share("stability"),
                                            .boxOverlap = share("overlap"),
                                            .cropLayers = static_cast<int>(run.integer("layers")),
                                            .leastRegion = static_cast<int>(run.integer("least_region"))};
    const auto masks = openKept<models::Segmenter>(findModelOrThrow(run.text("model")))
                           ->everything(image, options, run.progress(), run.cancel());
    run.setOutput("image", makeImageValue(models::colouredMasks(image, masks)));
    run.setOutput("labels", makeMaskValue(models::labelPicture(masks, image.width(), image.height())));
    run.setOutput("boxes", makeDetectionsValue(boxesOf(masks)));
    run.setOutput("list", graph::makeText(dumpJson(models::masksToJson(masks))));
    run.setOutput("count", graph::makeInt(static_cast<std::int64_t>(masks.size())));
}

} // namespace

graph::NodeDeclaration Everything() {
    return graph::NodeDeclaration("understand.everything", 1, "Segment everything", "Understand")
        .describe("Finds a mask for each thing in a picture, without being told where, with SAM, SAM 2 or MobileSAM: a grid of points is "
                  "asked, and the answers that are sure and stable are kept.")
        .keywords("segment anything sam automatic masks parts panoptic label everything")
        .input({.id = "image", .label = "Image", .help = "The picture to look at.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output(socket("image", "Image", "The picture with a colour on each part.", types::kImage))
        .output(socket("labels", "Labels", "Number of the part that a pixel belongs to, as number/65535; 0 where there is none. 16 bits hold it.",
                       types::kMask))
        .output(socket("boxes", "Boxes", "A box around each part.", types::kDetections))
        .output(socket("list", "List", "Label, box, area, score, stability and point of each part: JSON.", graph::types::kText))
        .output(socket("count", "Count", "How many parts there are.", graph::types::kInt))
        .parameter({.id = "model", .label = "Model", .help = "A SAM, SAM 2 or MobileSAM checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter(whole("points", "Points a side", "Of the grid that is asked.", 32, {.min = 1, .max = 256, .softMax = 64}))
        .parameter(share("score", "Least score", "How right the network must think a mask is.", 0.88))
        .parameter(share("stability", "Least stability", "How little its area may change with the threshold.", 0.95))
        .parameter(advanced(share("overlap", "Overlap", "Masks whose boxes share more are one part.", 0.7)))
        .parameter(advanced(whole("layers", "Layers", "1: quarters of the picture are looked at by themselves, too, for smaller parts; 2: "
                                                      "sixteenths as well.", 0, {.min = 0, .max = 4, .softMax = 2})))
        .parameter(advanced(pixels("least_region", "Least region", "Smaller holes are filled, smaller islands dropped: their area.", 0,
                                   {.min = 0, .max = 1'000'000, .softMax = 400})))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::understand
