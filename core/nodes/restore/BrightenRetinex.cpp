// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RetinexEnhancer.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/nodes/restore/RestoreNode.h"

namespace ochre::nodes::restore {
namespace {

void run(graph::RunContext& run) {
    const auto enhancer = openKept<models::RetinexEnhancer>(findModelOrThrow(run.text("decomposition")),
                                                            findModelOrThrow(run.text("reflectance")),
                                                            findModelOrThrow(run.text("illumination")));
    const models::RetinexOptions options{.steps = static_cast<int>(run.integer("steps")),
                                         .eta = run.number("eta"),
                                         .seed = static_cast<std::uint64_t>(run.integer("seed")),
                                         .tiles = tileOptions(run)};
    const Image& image = run.inputAs<Image>("image");
    auto result = enhancer->enhance(image, options, run.progress(), run.cancel());
    run.setOutput("image", enhanced(models::strengthened(image, result.image, run.number("strength"), run.cancel())));
    run.setOutput("reflectance", makeImageValue(std::move(result.reflectance)));
    run.setOutput("illumination", makeMaskValue(std::move(result.illumination)));
}

} // namespace

graph::NodeDeclaration BrightenRetinex() {
    return networkNode("restore.brighten_retinex", "Brighten (Diff-Retinex)")
        .describe("Brightens a dark picture with Diff-Retinex: takes it apart into what it shows and the light on it, and restores "
                  "both by diffusion.")
        .keywords("low light dark diff-retinex retinex decomposition reflectance illumination diffusion enhance")
        .input(pictureSocket("image", "Image", "The dark picture."))
        .output(socket("image", "Image", "The bright one.", types::kImage))
        .output(socket("reflectance", "Reflectance", "What it shows, restored.", types::kImage))
        .output(socket("illumination", "Illumination", "The light on it, restored.", types::kMask))
        .parameter(modelParameter("decomposition", "Decomposition", "Diff-TDN's checkpoint from the models folder, or a path."))
        .parameter(modelParameter("reflectance", "Reflectance", "Diff-RDA's checkpoint, or a path."))
        .parameter(modelParameter("illumination", "Illumination", "Diff-IDA's checkpoint, or a path."))
        .parameter(whole("steps", "Steps", "Of each diffusion; 5 as published.", 5, {.min = 1, .max = 1000, .softMax = 20}))
        .parameter(seedOf(1, "Another seed gives other noise; 1 as published."))
        .parameter(share("strength", "Strength", "How much of the result is taken; the rest is the picture as it was.", 1))
        .parameter(advanced(share("eta", "Noise", "Fresh noise of the steps: 1 as published, 0 none.", 1)))
        .parameter(tileParameter())
        .parameter(overlapParameter())
        .onRun(run);
}

} // namespace ochre::nodes::restore
