// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Levels() {
    return graph::NodeDeclaration("image.levels", 1, "Levels", "Image/Colour")
        .describe("Sets black, white and the middle, and the range of the result.")
        .keywords("black white point gamma range stretch")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "in_low",
                    .label = "Black",
                    .help = "Value that becomes the lower end.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -10,
                    .max = 10,
                    .softMin = 0,
                    .softMax = 1})
        .parameter({.id = "in_high",
                    .label = "White",
                    .help = "Value that becomes the upper end.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = -10,
                    .max = 10,
                    .softMin = 0,
                    .softMax = 1})
        .parameter({.id = "gamma",
                    .label = "Gamma",
                    .help = "Above 1 brightens the middle.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = 0.01,
                    .max = 100,
                    .softMin = 0.1,
                    .softMax = 4})
        .parameter({.id = "out_low",
                    .label = "Result from",
                    .help = "Lower end of the result.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -10,
                    .max = 10,
                    .softMin = 0,
                    .softMax = 1})
        .parameter({.id = "out_high",
                    .label = "Result to",
                    .help = "Upper end of the result.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = -10,
                    .max = 10,
                    .softMin = 0,
                    .softMax = 1})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            const auto value = [&](const char* id) { return static_cast<float>(run.number(id)); };
            run.setOutput("image", makeImageValue(levels(image,
                                                         {value("in_low"), value("in_high"), value("gamma"),
                                                          value("out_low"), value("out_high")},
                                                         run.cancel())));
        });
}

} // namespace ochre::nodes::image
