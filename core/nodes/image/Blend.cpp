// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/nodes/image/Choices.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Blend() {
    return graph::NodeDeclaration("image.blend", 1, "Blend", "Image/Compose")
        .describe("Mixes two pictures with a blend mode. The upper one is scaled to the size of the base.")
        .keywords("mix multiply screen overlay soft light difference add subtract")
        .input({.id = "base", .label = "Base", .help = "The picture below.", .type = types::kImage})
        .input({.id = "over", .label = "Over", .help = "The picture on top.", .type = types::kImage})
        .input({.id = "mask",
                .label = "Mask",
                .help = "Where the upper picture shows; scaled to the base.",
                .type = types::kMask,
                .optional = true})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "mode",
                    .label = "Mode",
                    .help = "How the colours combine.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("normal"),
                    .choices = {{"normal", "Normal"},
                                {"multiply", "Multiply"},
                                {"screen", "Screen"},
                                {"overlay", "Overlay"},
                                {"soft_light", "Soft light"},
                                {"difference", "Difference"},
                                {"add", "Add"},
                                {"subtract", "Subtract"}}})
        .parameter({.id = "opacity",
                    .label = "Opacity",
                    .help = "Of the upper picture.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 1})
        .onRun([](graph::RunContext& run) {
            const Image& base = run.inputAs<Image>("base");
            const auto fitted = [&](const Image& image) {
                return resize(image, base.width(), base.height(), ResizeFilter::Lanczos, run.cancel());
            };
            Image over = fitted(run.inputAs<Image>("over"));
            if (run.hasInput("mask")) over = withAlpha(over, fitted(run.inputAs<Image>("mask")));
            run.setOutput(
                "image", makeImageValue(composite(base, over, 0, 0, static_cast<float>(run.number("opacity")),
                                                  blendModeOf(run.text("mode")), run.cancel())));
        });
}

} // namespace ochre::nodes::image
