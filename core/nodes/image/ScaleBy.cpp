// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/image/Choices.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration ScaleBy() {
    return graph::NodeDeclaration("image.scale_by", 1, "Scale by", "Image/Transform")
        .describe("Scales the picture by a factor.")
        .keywords("resize factor percent shrink enlarge")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "factor",
                    .label = "Factor",
                    .help = "2 doubles both sides.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 2.0,
                    .min = 0.001,
                    .max = 64,
                    .softMin = 0.1,
                    .softMax = 8,
                    .unit = "×"})
        .parameter(resizeFilterParameter())
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            const auto side = [&](int from) {
                return static_cast<int>(std::clamp(std::round(from * run.number("factor")), 1.0, 65536.0));
            };
            run.setOutput("image", makeImageValue(resize(image, side(image.width()), side(image.height()),
                                                         resizeFilterOf(run.text("filter")), run.cancel())));
        });
}

} // namespace ochre::nodes::image
