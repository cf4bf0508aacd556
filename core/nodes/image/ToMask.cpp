// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration ToMask() {
    return graph::NodeDeclaration("image.to_mask", 1, "Image to mask", "Mask")
        .describe("Takes one channel of a picture as a mask.")
        .keywords("channel luminance alpha red green blue")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "channel",
                    .label = "Channel",
                    .help = "What becomes the mask.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("luminance"),
                    .choices = {{"luminance", "Luminance"},
                                {"red", "Red"},
                                {"green", "Green"},
                                {"blue", "Blue"},
                                {"alpha", "Alpha"}}})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            const std::string& channel = run.text("channel");
            Image mask;
            if (channel == "alpha") {
                mask = alphaOf(image);
            } else if (channel == "luminance") {
                mask = luminance(image, run.cancel());
            } else {
                const int wanted[] = {image.channels() < 3 ? 0
                                      : channel == "red"   ? 0
                                      : channel == "green" ? 1
                                                           : 2};
                mask = selectChannels(image, wanted);
            }
            mask.setColorSpace(ColorSpace::Raw);
            run.setOutput("mask", makeMaskValue(mask));
        });
}

} // namespace ochre::nodes::image
