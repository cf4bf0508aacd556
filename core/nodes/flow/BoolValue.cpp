// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration BoolValue() {
    return graph::NodeDeclaration("value.bool", 1, "Yes or No", "Values")
        .describe("A constant that may be linked to several nodes, so that one change reaches them all.")
        .keywords("constant primitive boolean switch toggle")
        .output({.id = "value", .label = "Value", .type = graph::types::kBool})
        .parameter({.id = "value",
                    .label = "Value",
                    .help = "What the node gives.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = false})
        .onRun([](graph::RunContext& run) { run.setOutput("value", graph::makeBool(run.flag("value"))); });
}

} // namespace ochre::nodes::flow
