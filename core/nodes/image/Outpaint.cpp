// SPDX-License-Identifier: GPL-3.0-or-later
#include <utility>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Mask.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Outpaint() {
    constexpr Range kAdded{.softMax = 1024};
    return graph::NodeDeclaration("image.outpaint", 1, "Pad for outpainting", "Image/Transform")
        .describe("Makes room around a picture and a mask of what is to be painted there.")
        .keywords("extend canvas border uncrop expand pad")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .output({.id = "mask",
                 .label = "Mask",
                 .help = "White on what was added, fading into the picture.",
                 .type = types::kMask})
        .parameter(pixels("left", "Left", "Pixels added on the left side.", 0, kAdded))
        .parameter(pixels("top", "Top", "Pixels added on the upper side.", 0, kAdded))
        .parameter(pixels("right", "Right", "Pixels added on the right side.", 0, kAdded))
        .parameter(pixels("bottom", "Bottom", "Pixels added on the lower side.", 0, kAdded))
        .parameter(pixels("feather", "Feather", "How far the mask fades into the picture.", 40,
                          {.max = 4096, .softMax = 200}))
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
