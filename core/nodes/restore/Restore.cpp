// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/restore/RestoreNode.h"

namespace ochre::nodes::restore {

graph::NodeDeclaration Restore() {
    return pictureNode("restore.restore", 1, "Restore", "denoise")
        .describe("Repairs a picture with a network that was trained for it: noise, blur, rain, JPEG artifacts, darkness. SwinIR, "
                  "Restormer, DnCNN, IAT and SCI are known; those that enlarge work as well. Two small ones come with Ochre: denoise, "
                  "against noise and JPEG artifacts, and low-light.")
        .keywords("denoise deblur derain jpeg artifacts low light brighten enhance clean swinir restormer dncnn iat sci")
        .parameter(share("strength", "Strength", "How much of the result is taken; the rest is the picture as it was.", 1))
        .onRun([](graph::RunContext& run) {
            const Image& picture = run.inputAs<Image>("image");
            run.setOutput("image", enhanced(models::strengthened(picture, runNetworkOnce(run), run.number("strength"), run.cancel())));
        });
}

} // namespace ochre::nodes::restore
