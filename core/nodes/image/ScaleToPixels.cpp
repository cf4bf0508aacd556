// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/graph/RunContext.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/nodes/image/Choices.h"

namespace ochre::nodes::image {
namespace {

void run(graph::RunContext& run) {
    const Image& image = run.inputAs<Image>("image");
    const auto multiple = static_cast<double>(run.integer("multiple"));
    const double pixels = run.number("megapixels") * 1024 * 1024;
    const double factor = std::sqrt(pixels / static_cast<double>(image.pixelCount()));
    const auto side = [&](int from) {
        const double steps = std::max(1.0, std::nearbyint(from * factor / multiple));
        return static_cast<int>(std::min(steps * multiple, 65536.0));
    };
    run.setOutput("image", makeImageValue(resize(image, side(image.width()), side(image.height()),
                                                 resizeFilterOf(run.text("filter")), run.cancel())));
}

} // namespace

graph::NodeDeclaration ScaleToPixels() {
    return graph::NodeDeclaration("image.scale_to_pixels", 1, "Scale to pixels", "Image/Transform")
        .describe("Scales the picture to a number of pixels and keeps its proportions, as models want it.")
        .keywords("resize megapixels total area size shrink enlarge")
        .input(socket("image", "Image", "The picture to work on.", types::kImage))
        .output(socket("image", "Image", "The result.", types::kImage))
        .parameter(number("megapixels", "Megapixels", "1 is as many as 1024 × 1024 have.", 1.0,
                          {.min = 0.01, .max = 1024, .softMax = 16}))
        .parameter(whole("multiple", "Multiple", "Both sides become multiples of this.", 1,
                         {.min = 1, .max = 256, .softMax = 64}))
        .parameter(resizeFilterParameter())
        .onRun(run);
}

} // namespace ochre::nodes::image
