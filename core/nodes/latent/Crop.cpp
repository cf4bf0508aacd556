// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Crop() {
    constexpr Range kSide{.min = 8, .max = 16384, .softMax = 2048},
        kPlace{.min = 0, .max = 16384, .softMax = 2048};
    return latentChanger(
               "latent.crop", "Crop latent",
               "Cuts out a rectangle, in steps of 8 pixels. At least 64 pixels are left where there are "
               "so many.",
               "cut trim rectangle part")
        .parameter(pixels("width", "Width", "Of the part.", 512, kSide))
        .parameter(pixels("height", "Height", "Of the part.", 512, kSide))
        .parameter(pixels("x", "Left", "First column of the part.", 0, kPlace))
        .parameter(pixels("y", "Top", "First row of the part.", 0, kPlace))
        .onRun([](graph::RunContext& run) {
            const auto at = [&](const char* id) { return static_cast<int>(run.integer(id)); };
            putLatent(run, [&] {
                return models::cropped(latentInput(run), at("width"), at("height"), at("x"), at("y"));
            });
        });
}

} // namespace ochre::nodes::latent
