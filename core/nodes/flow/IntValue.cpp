// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration IntValue() {
    return graph::NodeDeclaration("value.int", 1, "Whole Number", "Values")
        .describe("A constant that may be linked to several nodes, so that one change reaches them all.")
        .keywords("constant primitive integer count")
        .output({.id = "value", .label = "Value", .type = graph::types::kInt})
        .parameter({.id = "value",
                    .label = "Value",
                    .help = "What the node gives.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0}})
        .onRun([](graph::RunContext& run) { run.setOutput("value", graph::makeInt(run.integer("value"))); });
}

} // namespace ochre::nodes::flow
