// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration JoinAlpha() {
    return graph::NodeDeclaration("image.join_alpha", 1, "Join alpha", "Image/Channels")
        .describe("Gives a picture an alpha from a mask, scaled to its size.")
        .keywords("channels mask transparency cut out")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .input(
            {.id = "mask", .label = "Mask", .help = "The mask that becomes the alpha.", .type = types::kMask})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            const Image mask = resize(run.inputAs<Image>("mask"), image.width(), image.height(),
                                      ResizeFilter::Lanczos, run.cancel());
            run.setOutput("image", makeImageValue(withAlpha(image, mask)));
        });
}

} // namespace ochre::nodes::image
