// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes that change how a model is used share.
#pragma once

#include <string>
#include <utility>

#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::model {

/// From a model to the same one used otherwise; no weight is touched.
inline graph::NodeDeclaration modelChanger(const std::string& id, const std::string& label,
                                           const std::string& help, const std::string& words) {
    return graph::NodeDeclaration(id, 1, label, "Model")
        .describe(help)
        .keywords(words)
        .input(socket("model", "Model", "The model to work on.", types::kModel))
        .output(socket("model", "Model", "The same model, used otherwise.", types::kModel))
        .needsRuntime();
}

/// The model with `change` made to it, put out.
template <typename Change>
void putModel(graph::RunContext& run, Change change) {
    models::DiffusionModel model = modelInput(run);
    change(model);
    run.setOutput("model", makeModelValue(std::move(model)));
}

} // namespace ochre::nodes::model
