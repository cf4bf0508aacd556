// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

namespace {

constexpr std::int64_t kInputs = 6;

std::string wanted(const graph::ParameterView& p) {
    return "input_" + std::to_string(p.integer("index"));
}

} // namespace

graph::NodeDeclaration Switch() {
    graph::NodeDeclaration d("flow.switch", 1, "Switch", "Flow");
    d.describe("Gives one of several inputs, by number. Only the branch that is chosen is computed.")
        .keywords("select choose index branch")
        .output({.id = "value", .label = "Value", .type = graph::types::kAny})
        .parameter({.id = "index",
                    .label = "Index",
                    .help = "Number of the input to give, from 0. May be driven by a link.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = kInputs - 1})
        .onRun([](graph::RunContext& run) { run.setOutput("value", run.input(wanted(run))); });
    for (std::int64_t i = 0; i < kInputs; ++i)
        d.input({.id = "input_" + std::to_string(i),
                 .label = "Input " + std::to_string(i),
                 .type = graph::types::kAny,
                 .lazy = true});
    d.onNeeds([](const graph::ParameterView& p) { return std::vector<std::string>{wanted(p)}; });
    return d;
}

} // namespace ochre::nodes::flow
