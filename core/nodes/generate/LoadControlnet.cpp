// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {

graph::NodeDeclaration LoadControlnet() {
    return graph::NodeDeclaration("generate.load_controlnet", 1, "Load ControlNet", "Generate")
        .describe("A ControlNet, which steers a model by a picture: edges, depth, a pose, a scribble.")
        .keywords("control net canny depth openpose scribble tile")
        .output(socket("controlnet", "ControlNet", "To be applied to prompts.", types::kControlNet))
        .parameter(modelParameter("controlnet", "ControlNet", "A file from the models folder, or a path.",
                                  kControlNetFile))
        .parameter(precisionParameter())
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            const auto path = modelFile(run.text("controlnet"), kControlNetFile);
            run.setOutput("controlnet",
                          makeControlNetValue(models::ControlNetModel::open(path, openOptions(run))));
        });
}

} // namespace ochre::nodes::generate
