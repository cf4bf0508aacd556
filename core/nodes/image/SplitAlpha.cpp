// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration SplitAlpha() {
    return graph::NodeDeclaration("image.split_alpha", 1, "Split alpha", "Image/Channels")
        .describe("Parts a picture into its colours and its alpha.")
        .keywords("channels mask extract transparency")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output(
            {.id = "image", .label = "Colour", .help = "The picture without alpha.", .type = types::kImage})
        .output({.id = "mask", .label = "Alpha", .help = "White where it has none.", .type = types::kMask})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            run.setOutput("mask", makeMaskValue(alphaOf(image)));
            run.setOutput("image", makeImageValue(image.hasAlpha() ? withChannels(image, image.channels() - 1,
                                                                                  run.cancel())
                                                                   : image));
        });
}

} // namespace ochre::nodes::image
