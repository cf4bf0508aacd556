// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

namespace {

const char* wanted(const graph::ParameterView& p) {
    return p.flag("condition") ? "yes" : "no";
}

} // namespace

graph::NodeDeclaration If() {
    return graph::NodeDeclaration("flow.if", 1, "If", "Flow")
        .describe("Gives one of two inputs. Only the branch that is chosen is computed.")
        .keywords("condition branch choose else")
        .input({.id = "yes", .label = "If Yes", .type = graph::types::kAny, .lazy = true})
        .input({.id = "no", .label = "If No", .type = graph::types::kAny, .lazy = true})
        .output({.id = "value", .label = "Value", .type = graph::types::kAny})
        .parameter({.id = "condition",
                    .label = "Condition",
                    .help = "Yes gives the first input, no the second. May be driven by a link.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = true})
        .onNeeds([](const graph::ParameterView& p) { return std::vector<std::string>{wanted(p)}; })
        .onRun([](graph::RunContext& run) { run.setOutput("value", run.input(wanted(run))); });
}

} // namespace ochre::nodes::flow
