// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/BayesianEnhancer.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Types.h"
#include "core/nodes/restore/RestoreNode.h"

namespace ochre::nodes::restore {
namespace {

void run(graph::RunContext& run) {
    const auto enhancer =
        openKept<models::BayesianEnhancer>(findModelOrThrow(run.text("first")), findModelOrThrow(run.text("second")));
    const models::BayesianOptions options{.samples = static_cast<int>(run.integer("samples")),
                                          .seed = static_cast<std::uint64_t>(run.integer("seed")),
                                          .tiles = tileOptions(run)};
    const Image& image = run.inputAs<Image>("image");
    const Image result = enhancer->enhance(image, options, run.progress(), run.cancel());
    run.setOutput("image", enhanced(models::strengthened(image, result, run.number("strength"), run.cancel())));
}

} // namespace

graph::NodeDeclaration BrightenBem() {
    return networkNode("restore.brighten_bem", "Brighten (BEM)")
        .describe("Brightens a dark or underwater picture with BEM, the Bayesian enhancement model. With one sample, each seed is "
                  "another of the pictures that it thinks possible.")
        .keywords("low light dark underwater bem bayesian enhance uncertainty sample monte carlo")
        .input(pictureSocket("image", "Image", "The dark picture."))
        .output(socket("image", "Image", "The bright one.", types::kImage))
        .parameter(modelParameter("first", "First network", "BEM's first stage (CG_UNet), which sees a small copy; or a path."))
        .parameter(modelParameter("second", "Second network", "BEM's second stage (IE_UNet), or a path."))
        .parameter(whole("samples", "Samples",
                         "0: its best guess. 1: one possible picture. More: their mean, each takes as long as the first.", 0,
                         {.min = 0, .max = 1000, .softMax = 32}))
        .parameter(seedOf(0, "Of the first sample; the next has the next. Without samples nothing is drawn."))
        .parameter(share("strength", "Strength", "How much of the result is taken; the rest is the picture as it was.", 1))
        .parameter(tileParameter())
        .parameter(overlapParameter())
        .onRun(run);
}

} // namespace ochre::nodes::restore
