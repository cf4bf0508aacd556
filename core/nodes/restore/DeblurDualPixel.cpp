// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/DualPixelDeblur.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Types.h"
#include "core/nodes/restore/RestoreNode.h"

namespace ochre::nodes::restore {
namespace {

void run(graph::RunContext& run) {
    const auto deblur = openKept<models::DualPixelDeblur>(findModelOrThrow(run.text("model")));
    const Image& left = run.inputAs<Image>("left");
    const Image result = deblur->restore(left, run.inputAs<Image>("right"), tileOptions(run), run.progress(), run.cancel());
    run.setOutput("image", enhanced(models::strengthened(left, result, run.number("strength"), run.cancel())));
}

} // namespace

graph::NodeDeclaration DeblurDualPixel() {
    return networkNode("restore.deblur_dual_pixel", "Deblur dual pixels")
        .describe("Makes a sharp picture of the two that the halves of a sensor's pixels see, with Restormer's weights for dual-pixel "
                  "defocus deblurring.")
        .keywords("defocus deblur dual pixel restormer sharpen focus two views")
        .input(pictureSocket("left", "Left view", "What the left halves of the pixels see."))
        .input(pictureSocket("right", "Right view", "What the right halves see: of the same size."))
        .output(socket("image", "Image", "The sharp picture, of the left view's size.", types::kImage))
        .parameter(modelParameter("model", "Model", "Restormer's checkpoint for dual pixels from the models folder, or a path."))
        .parameter(share("strength", "Strength", "How much of the result is taken; the rest is the left view as it was.", 1))
        .parameter(tileParameter())
        .parameter(overlapParameter())
        .onRun(run);
}

} // namespace ochre::nodes::restore
