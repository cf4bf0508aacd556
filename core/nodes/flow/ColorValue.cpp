// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration ColorValue() {
    return graph::NodeDeclaration("value.color", 1, "Colour", "Values")
        .describe("A constant that may be linked to several nodes, so that one change reaches them all.")
        .keywords("constant primitive color rgb")
        .output({.id = "value", .label = "Value", .type = graph::types::kColor})
        .parameter({.id = "value",
                    .label = "Value",
                    .help = "What the node gives.",
                    .kind = graph::ParameterKind::Color,
                    .defaultValue = graph::Color{1, 1, 1, 1}})
        .onRun([](graph::RunContext& run) { run.setOutput("value", graph::makeColor(run.color("value"))); });
}

} // namespace ochre::nodes::flow
