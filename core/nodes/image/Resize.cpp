// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/image/Choices.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Resize() {
    return graph::NodeDeclaration("image.resize", 1, "Resize", "Image/Transform")
        .describe("Scales the picture to a size in pixels.")
        .keywords("scale size shrink enlarge lanczos bicubic")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "width",
                    .label = "Width",
                    .help = "Of the result; 0 follows from the height.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{1024},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "height",
                    .label = "Height",
                    .help = "Of the result; 0 follows from the width.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter(resizeFilterParameter())
        .parameter(choice("crop", "Crop", "What happens where the proportions change.",
                          {{"none", "Stretch"}, {"center", "Cut off both sides alike"}}))
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            auto width = run.integer("width"), height = run.integer("height");
            if (width == 0 && height == 0) throw Error("width and height are both 0", "set one of them");
            const auto follow = [](std::int64_t side, int over, int under) {
                return std::clamp<std::int64_t>((side * over + under / 2) / under, 1, 65536);
            };
            if (width == 0) width = follow(height, image.width(), image.height());
            if (height == 0) height = follow(width, image.height(), image.width());
            const auto w = static_cast<int>(width), h = static_cast<int>(height);
            const Image& part = run.text("crop") == "center" ? croppedTo(image, w, h) : image;
            run.setOutput("image", makeImageValue(
                                       resize(part, w, h, resizeFilterOf(run.text("filter")), run.cancel())));
        });
}

} // namespace ochre::nodes::image
