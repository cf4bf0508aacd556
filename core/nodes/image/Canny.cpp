// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/image/Edges.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Canny() {
    return graph::NodeDeclaration("image.canny", 1, "Canny edges", "Image/Filter")
        .describe("White lines along the edges of a picture, as ControlNets of that name want them.")
        .keywords("edge outline lines contour controlnet preprocessor")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "low",
                    .label = "Low",
                    .help = "Edges weaker than this are dropped.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.4,
                    .min = 0,
                    .max = 8,
                    .softMin = 0,
                    .softMax = 1})
        .parameter({.id = "high",
                    .label = "High",
                    .help = "Edges stronger than this stay, with the weaker ones that they lead to.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.8,
                    .min = 0,
                    .max = 8,
                    .softMin = 0,
                    .softMax = 1})
        .onRun([](graph::RunContext& run) {
            const Image edges = cannyEdges(run.inputAs<Image>("image"), static_cast<float>(run.number("low")),
                                           static_cast<float>(run.number("high")), run.cancel());
            run.setOutput("image", makeImageValue(imageFromMask(edges)));
        });
}

} // namespace ochre::nodes::image
