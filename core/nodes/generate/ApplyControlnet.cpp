// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    models::ControlUse use;
    use.net = run.inputAs<std::shared_ptr<const models::ControlNetModel>>("controlnet");
    use.hint = models::pixelsOf({run.inputAs<Image>("image")});
    use.strength = run.number("strength");
    use.start = run.number("start");
    use.end = run.number("end");
    use.alsoNegative = !run.hasInput("negative");
    const auto applied = [&](const models::Conditioning& conditioning) {
        return makeConditioningValue(use.strength == 0 ? conditioning
                                                       : models::withControl(conditioning, use));
    };
    run.setOutput("positive", applied(conditioningInput(run, "positive")));
    if (run.hasInput("negative")) run.setOutput("negative", applied(conditioningInput(run, "negative")));
}

graph::Parameter share(const char* id, const char* label, const char* help, double value) {
    return {.id = id, .label = label, .help = help, .defaultValue = value, .min = 0, .max = 1};
}

} // namespace

graph::NodeDeclaration ApplyControlnet() {
    return graph::NodeDeclaration("generate.apply_controlnet", 1, "Apply ControlNet", "Generate")
        .describe(
            "Steers by a picture as well as by words. Several may follow each other. The picture is fitted "
            "to the "
            "size that is sampled; use a preprocessor first (edges, depth) where the ControlNet wants one.")
        .keywords("control net canny depth openpose scribble tile hint")
        .input(socket("positive", "Positive", "What the picture is to show.", types::kConditioning))
        .input(optional(socket("negative", "Negative",
                               "What it is not to show; unlinked, the sampler's negative prompt is steered, "
                               "too.",
                               types::kConditioning)))
        .input(socket("controlnet", "ControlNet", "Which one.", types::kControlNet))
        .input(socket("image", "Image", "The picture to steer by.", types::kImage))
        .output(socket("positive", "Positive", "Steered.", types::kConditioning))
        .output(socket("negative", "Negative", "Steered, where it is linked.", types::kConditioning))
        .parameter({.id = "strength",
                    .label = "Strength",
                    .help = "How much the picture counts; 0 leaves it out.",
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 10,
                    .softMax = 2})
        .parameter(share("start", "Start", "From which share of the way on it acts.", 0.0))
        .parameter(share("end", "End", "Up to which share of the way it acts.", 1.0))
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::generate
