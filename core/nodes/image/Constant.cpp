// SPDX-License-Identifier: GPL-3.0-or-later
#include <span>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Constant() {
    return graph::NodeDeclaration("image.constant", 1, "Constant", "Image")
        .describe("A picture of one colour.")
        .keywords("solid fill color blank")
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "width",
                    .label = "Width",
                    .help = "Of the picture.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{1024},
                    .min = 1,
                    .max = 65536,
                    .softMin = 1,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "height",
                    .label = "Height",
                    .help = "Of the picture.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{1024},
                    .min = 1,
                    .max = 65536,
                    .softMin = 1,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "color",
                    .label = "Colour",
                    .help = "Of every pixel.",
                    .kind = graph::ParameterKind::Color,
                    .defaultValue = graph::Color{0.5F, 0.5F, 0.5F, 1}})
        .onRun([](graph::RunContext& run) {
            const graph::Color& color = run.color("color");
            const int channels = color[3] < 1 ? 4 : 3;
            Image image(static_cast<int>(run.integer("width")), static_cast<int>(run.integer("height")),
                        channels);
            const std::span<float> values = image.edit();
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = color[i % static_cast<std::size_t>(channels)];
            run.setOutput("image", makeImageValue(image));
        });
}

} // namespace ochre::nodes::image
