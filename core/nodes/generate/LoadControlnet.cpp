// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {

graph::NodeDeclaration LoadControlnet() {
    return graph::NodeDeclaration("generate.load_controlnet", 1, "Load ControlNet", "Generate")
        .describe("A ControlNet, which steers a model by a picture: edges, depth, a pose, a scribble.")
        .keywords("control net canny depth openpose scribble tile")
        .output({.id = "controlnet",
                 .label = "ControlNet",
                 .help = "To be applied to prompts.",
                 .type = types::kControlNet})
        .parameter(modelParameter("controlnet", "ControlNet", "A file from the models folder, or a path.",
                                  "controlnet"))
        .parameter(precisionParameter())
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            const auto path = modelFile(run.text("controlnet"), "ControlNet", "controlnet");
            run.setOutput("controlnet",
                          makeControlNetValue(models::ControlNetModel::open(path, openOptions(run))));
        });
}

} // namespace ochre::nodes::generate
