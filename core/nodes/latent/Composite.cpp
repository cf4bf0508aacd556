// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Composite() {
    constexpr Range kPlace{.min = 0, .max = 16384, .softMax = 2048};
    return latentMaker(
               "latent.composite", "Composite latents",
               "Puts one latent upon another, in steps of 8 pixels, as a whole or where a mask is white.",
               "paste over combine place layer")
        .input(socket("destination", "Destination", "The latent below; its size and its mask stay.",
                      types::kLatent))
        .input(socket("source", "Source", "The latent on top.", types::kLatent))
        .input(optional(socket("mask", "Mask", "Stretched over the source: white shows it.", types::kMask)))
        .parameter(pixels("x", "Left", "Where the source begins.", 0, kPlace))
        .parameter(pixels("y", "Top", "Where the source begins.", 0, kPlace))
        .parameter(pixels("feather", "Feather", "Width of the fade at edges of the source that lie inside.",
                          0, {.min = 0, .max = 16384, .softMax = 512}))
        .parameter(flag("resize_source", "Resize source",
                        "Brings the source to the size of the destination first.", false))
        .onRun([](graph::RunContext& run) {
            models::CompositeOptions options;
            options.x = static_cast<int>(run.integer("x"));
            options.y = static_cast<int>(run.integer("y"));
            options.feather = static_cast<int>(run.integer("feather"));
            options.resizeSource = run.flag("resize_source");
            if (run.hasInput("mask")) options.mask = maskTensor(run.inputAs<Image>("mask"));
            putLatent(run, [&] {
                return models::composite(latentInput(run, "destination"), latentInput(run, "source"),
                                         options);
            });
        });
}

} // namespace ochre::nodes::latent
