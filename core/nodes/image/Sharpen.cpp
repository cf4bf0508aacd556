// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Sharpen() {
    return graph::NodeDeclaration("image.sharpen", 1, "Sharpen", "Image/Filter")
        .describe("Unsharp mask: adds what a blur takes away.")
        .keywords("unsharp mask crisp detail")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "radius",
                    .label = "Radius",
                    .help = "Standard deviation of the blur.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 4096,
                    .softMin = 0,
                    .softMax = 20,
                    .unit = "px"})
        .parameter({.id = "amount",
                    .label = "Amount",
                    .help = "How much of the difference is added.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.5,
                    .min = 0,
                    .max = 100,
                    .softMin = 0,
                    .softMax = 4})
        .parameter({.id = "threshold",
                    .label = "Threshold",
                    .help = "Smaller differences are left alone: keeps grain quiet.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = 0,
                    .max = 1,
                    .softMin = 0,
                    .softMax = 0.2})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            run.setOutput("image",
                          makeImageValue(sharpen(image, static_cast<float>(run.number("radius")),
                                                 static_cast<float>(run.number("amount")),
                                                 static_cast<float>(run.number("threshold")), run.cancel())));
        });
}

} // namespace ochre::nodes::image
