// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/restore/RestoreNode.h"

namespace ochre::nodes::restore {

graph::NodeDeclaration Upscale() {
    return pictureNode("restore.upscale", 3, "Upscale", "realesrgan-x4plus")
        .describe("Enlarges a picture with a super-resolution network: Real-ESRGAN, ESRGAN, SwinIR, RFDN and their kin.")
        .keywords("enlarge super resolution esrgan realesrgan swinir enhance bigger 4x")
        .onRun([](graph::RunContext& run) { run.setOutput("image", enhanced(runNetwork(run))); });
}

} // namespace ochre::nodes::restore
