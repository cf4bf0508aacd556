// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration FloatValue() {
    return graph::NodeDeclaration("value.float", 1, "Number", "Values")
        .describe("A constant that may be linked to several nodes, so that one change reaches them all.")
        .keywords("constant primitive float double")
        .output({.id = "value", .label = "Value", .type = graph::types::kFloat})
        .parameter({.id = "value",
                    .label = "Value",
                    .help = "What the node gives.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0})
        .onRun([](graph::RunContext& run) { run.setOutput("value", graph::makeFloat(run.number("value"))); });
}

} // namespace ochre::nodes::flow
