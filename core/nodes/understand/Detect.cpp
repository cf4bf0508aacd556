// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/models/vision/Detector.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::understand {
namespace {

void run(graph::RunContext& run) {
    const auto detector = openKept<models::Detector>(findModelOrThrow(run.text("model")));
    const Image& image = run.inputAs<Image>("image");
    const models::DetectOptions options{.threshold = static_cast<float>(run.number("threshold")),
                                        .overlap = static_cast<float>(run.number("overlap"))};
    Detections found = detector->detect(image, options, run.cancel());
    run.setOutput("image", makeImageValue(drawDetections(image, found)));
    run.setOutput("count", graph::makeInt(static_cast<std::int64_t>(found.size())));
    run.setOutput("boxes", makeDetectionsValue(std::move(found)));
}

} // namespace

graph::NodeDeclaration Detect() {
    return graph::NodeDeclaration("understand.detect", 1, "Detect objects", "Understand")
        .describe("Finds people, animals and things in a picture with a detection network: YOLOX or DETR.")
        .keywords("object detection yolo yolox detr coco box find recognise label class")
        .input({.id = "image", .label = "Image", .help = "The picture to look at.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output(socket("boxes", "Boxes", "Where each object is, of which class and how surely, the surest first; as a text: JSON.",
                       types::kDetections))
        .output(socket("image", "Image", "The picture with a labelled frame around each object.", types::kImage))
        .output(socket("count", "Count", "How many objects there are.", graph::types::kInt))
        .parameter({.id = "model", .label = "Model", .help = "A YOLOX or DETR checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter(share("threshold", "Threshold",
                         "How sure the network must be of an object; 0 takes what suits it: 0.3 for YOLOX, 0.7 for DETR.", 0))
        .parameter(advanced(share("overlap", "Overlap",
                                  "Boxes of a class that share more than this are one object (YOLOX; DETR needs no such rule).", 0.45)))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::understand
