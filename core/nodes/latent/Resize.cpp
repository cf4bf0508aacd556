// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Resize() {
    constexpr Range kSide{.min = 0, .max = 16384, .softMax = 2048};
    return latentChanger(
               "latent.resize", "Resize latent",
               "Brings a latent to a size, as the first half of a second pass at a higher resolution.",
               "upscale scale enlarge hires fix size")
        .parameter(methodParameter())
        .parameter(pixels("width", "Width", "Of the picture; 0 keeps the proportions.", 512, kSide))
        .parameter(pixels("height", "Height", "Of the picture; 0 keeps the proportions.", 512, kSide))
        .parameter(choice("crop", "Crop", "What happens where the proportions change.",
                          {{"none", "Stretch"}, {"center", "Cut off both sides alike"}}))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] {
                return models::resized(latentInput(run), static_cast<int>(run.integer("width")),
                                       static_cast<int>(run.integer("height")),
                                       models::latentResizeFromName(run.text("method")),
                                       run.text("crop") == "center");
            });
        });
}

} // namespace ochre::nodes::latent
