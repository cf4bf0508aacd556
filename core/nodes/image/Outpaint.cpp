// SPDX-License-Identifier: GPL-3.0-or-later
#include <utility>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Mask.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Outpaint() {
    return graph::NodeDeclaration("image.outpaint", 1, "Pad for outpainting", "Image/Transform")
        .describe("Makes room around a picture and a mask of what is to be painted there.")
        .keywords("extend canvas border uncrop expand pad")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .output({.id = "mask",
                 .label = "Mask",
                 .help = "White on what was added, fading into the picture.",
                 .type = types::kMask})
        .parameter({.id = "left",
                    .label = "Left",
                    .help = "Pixels added on the left side.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "top",
                    .label = "Top",
                    .help = "Pixels added on the upper side.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "right",
                    .label = "Right",
                    .help = "Pixels added on the right side.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "bottom",
                    .label = "Bottom",
                    .help = "Pixels added on the lower side.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "feather",
                    .label = "Feather",
                    .help = "How far the mask fades into the picture.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{40},
                    .min = 0,
                    .max = 4096,
                    .softMin = 0,
                    .softMax = 200,
                    .unit = "px"})
        .onRun([](graph::RunContext& run) {
            const auto pixels = [&](const char* parameter) {
                return static_cast<int>(run.integer(parameter));
            };
            auto [image, mask] = padForOutpaint(
                run.inputAs<Image>("image"),
                {pixels("left"), pixels("top"), pixels("right"), pixels("bottom")}, pixels("feather"));
            run.setOutput("image", makeImageValue(std::move(image)));
            run.setOutput("mask", makeMaskValue(std::move(mask)));
        });
}

} // namespace ochre::nodes::image
