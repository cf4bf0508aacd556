// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/nodes/model/ModelNode.h"

namespace ochre::nodes::model {

graph::NodeDeclaration PerpNeg() {
    return modelChanger("model.perp_neg", "Perpendicular negative",
                        "Lets a negative prompt take away only what the positive one does not ask for.",
                        "perp neg negative guidance")
        .input(socket("empty", "Empty prompt", "An empty text, encoded.", types::kConditioning))
        .parameter(number("neg_scale", "Negative scale", "How strongly the negative prompt acts.", 1.0,
                          {.min = 0, .max = 100, .softMax = 4}))
        .onRun([](graph::RunContext& run) {
            const models::Conditioning& empty = conditioningInput(run, "empty");
            putModel(run, [&](models::DiffusionModel& model) {
                if (empty.family != model.family())
                    throw Error(fmt::format("the empty prompt is for {}, the model is {}",
                                            models::title(empty.family), models::title(model.family())),
                                "encode it with the text encoder of this model");
                model.perpNeg = models::PerpNeg{std::make_shared<const models::Conditioning>(empty),
                                                run.number("neg_scale")};
            });
        });
}

} // namespace ochre::nodes::model
