// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/RunContext.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {

graph::NodeDeclaration FromBoxes() {
    return graph::NodeDeclaration("mask.from_boxes", 1, "Mask from boxes", "Mask")
        .describe("Chooses what lies inside the boxes of detected objects.")
        .keywords("detect objects rectangle bounding box class select")
        .input(socket("image", "Image", "The picture that the boxes are of; it gives the size.", types::kImage))
        .input(socket("boxes", "Boxes", "What a detector found.", types::kDetections))
        .output(socket("mask", "Mask", "1 inside the boxes.", types::kMask))
        .parameter({.id = "label",
                    .label = "Class",
                    .help = "Takes only the objects of this class (\"dog\"); empty takes all.",
                    .kind = graph::ParameterKind::Text,
                    .defaultValue = std::string()})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");
            Detections boxes = run.inputAs<Detections>("boxes");
            const std::string& label = run.text("label");
            std::erase_if(boxes, [&](const Detection& box) { return !label.empty() && box.label != label; });
            run.setOutput("mask", makeMaskValue(maskOfDetections(boxes, image.width(), image.height())));
        });
}

} // namespace ochre::nodes::mask
