// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Blur() {
    return graph::NodeDeclaration("image.blur", 1, "Blur", "Image/Filter")
        .describe("Softens a picture with a Gaussian or a square kernel.")
        .keywords("gaussian smooth soften box")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "radius",
                    .label = "Radius",
                    .help = "Standard deviation of the Gaussian, or half the side of the square.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 4.0,
                    .min = 0,
                    .max = 4096,
                    .softMin = 0,
                    .softMax = 100,
                    .unit = "px"})
        .parameter({.id = "kind",
                    .label = "Kind",
                    .help = "Shape of the kernel.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("gaussian"),
                    .choices = {{"gaussian", "Gaussian"}, {"box", "Square"}}})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");

            const double radius = run.number("radius");
            const bool box = run.text("kind") == "box";
            run.setOutput(
                "image",
                makeImageValue(box ? boxBlur(image, static_cast<int>(std::lround(radius)), run.cancel())
                                   : gaussianBlur(image, static_cast<float>(radius), run.cancel())));
        });
}

} // namespace ochre::nodes::image
