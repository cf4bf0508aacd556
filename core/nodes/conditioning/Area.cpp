// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/models/diffusion/Latent.h"
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

namespace {

models::ConditioningArea areaOf(const graph::ParameterView& p) {
    models::ConditioningArea area{p.number("x"), p.number("y"), p.number("width"), p.number("height"), true};
    if (p.text("unit") == "share") return area;
    area.share = false;
    for (double* side : {&area.x, &area.y, &area.width, &area.height})
        *side = std::floor(*side / models::kLatentSide);
    return area;
}

graph::Parameter side(const char* id, const char* label, const char* help, double value) {
    return number(id, label, help, value, {.min = 0, .max = 16384, .softMax = 2048});
}

} // namespace

graph::NodeDeclaration Area() {
    return conditioningChanger("conditioning.area", "Area of conditioning",
                               "Lets a prompt act in a rectangle alone. Combine it with one for the rest.",
                               "regional region rectangle place layout")
        .parameter(choice("unit", "Unit",
                          "What the numbers below count: pixels, in steps of 8, or shares 0 to 1 of the "
                          "picture's sides.",
                          {{"pixels", "Pixels"}, {"share", "Share of the picture"}}))
        .parameter(side("x", "Left", "Where the rectangle begins.", 0))
        .parameter(side("y", "Top", "Where the rectangle begins.", 0))
        .parameter(side("width", "Width", "Of the rectangle.", 64))
        .parameter(side("height", "Height", "Of the rectangle.", 64))
        .parameter(strengthParameter())
        .onRun([](graph::RunContext& run) {
            putConditioning(run, [&] {
                return models::withArea(conditioningInput(run), areaOf(run), run.number("strength"));
            });
        });
}

} // namespace ochre::nodes::conditioning
