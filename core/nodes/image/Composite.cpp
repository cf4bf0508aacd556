// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Composite() {
    return graph::NodeDeclaration("image.composite", 1, "Composite", "Image/Compose")
        .describe("Lays one picture over another at a place, by its alpha or a mask.")
        .keywords("over layer merge paste alpha")
        .input({.id = "base", .label = "Base", .help = "The picture below.", .type = types::kImage})
        .input({.id = "over", .label = "Over", .help = "The picture on top.", .type = types::kImage})
        .input({.id = "mask",
                .label = "Mask",
                .help = "Where the upper picture shows; of its size.",
                .type = types::kMask,
                .optional = true})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "x",
                    .label = "Left",
                    .help = "Column where the upper picture begins; may be negative.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = -65536,
                    .max = 65536,
                    .softMin = -2048,
                    .softMax = 2048,
                    .unit = "px"})
        .parameter({.id = "y",
                    .label = "Top",
                    .help = "Row where the upper picture begins; may be negative.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = -65536,
                    .max = 65536,
                    .softMin = -2048,
                    .softMax = 2048,
                    .unit = "px"})
        .parameter({.id = "opacity",
                    .label = "Opacity",
                    .help = "Of the upper picture.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 1})
        .onRun([](graph::RunContext& run) {
            const Image& base = run.inputAs<Image>("base");
            Image over = run.inputAs<Image>("over");
            if (run.hasInput("mask")) over = withAlpha(over, run.inputAs<Image>("mask"));
            run.setOutput("image", makeImageValue(composite(base, over, static_cast<int>(run.integer("x")),
                                                            static_cast<int>(run.integer("y")),
                                                            static_cast<float>(run.number("opacity")),
                                                            BlendMode::Normal, run.cancel())));
        });
}

} // namespace ochre::nodes::image
