// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration Repeat() {
    return graph::NodeDeclaration("flow.repeat", 1, "Repeat", "Flow")
        .describe("Runs a group several times: each output goes into the input of the same name of the next "
                  "round. An input "
                  "named \"index\" gets the number of the round.")
        .keywords("loop iterate for while")
        .groupSockets()
        .parameter({.id = "count",
                    .label = "Count",
                    .help = "How many rounds. May be driven by a link.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{2},
                    .min = 0,
                    .max = 1'000'000,
                    .softMax = 32})
        .onRun(
            [](graph::RunContext& run) { run.repeatGroup(static_cast<std::size_t>(run.integer("count"))); });
}

} // namespace ochre::nodes::flow
