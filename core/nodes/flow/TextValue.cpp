// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration TextValue() {
    return graph::NodeDeclaration("value.text", 1, "Text", "Values")
        .describe("A constant that may be linked to several nodes, so that one change reaches them all.")
        .keywords("constant primitive string prompt")
        .output({.id = "value", .label = "Value", .type = graph::types::kText})
        .parameter({.id = "value",
                    .label = "Value",
                    .help = "What the node gives.",
                    .kind = graph::ParameterKind::LongText,
                    .defaultValue = std::string()})
        .onRun([](graph::RunContext& run) { run.setOutput("value", graph::makeText(run.text("value"))); });
}

} // namespace ochre::nodes::flow
