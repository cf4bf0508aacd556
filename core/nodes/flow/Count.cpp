// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration Count() {
    return graph::NodeDeclaration("flow.count", 1, "Count", "Flow")
        .describe("How many items a list has. The items themselves are not computed.")
        .keywords("length size list number")
        .input({.id = "list", .label = "List", .type = graph::types::kAny, .list = true})
        .output({.id = "count", .label = "Count", .type = graph::types::kInt})
        .onRun([](graph::RunContext& run) {
            run.setOutput("count", graph::makeInt(static_cast<std::int64_t>(run.listInput("list").size())));
        });
}

} // namespace ochre::nodes::flow
