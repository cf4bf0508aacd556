// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration Reroute() {
    return graph::NodeDeclaration("flow.reroute", 1, "Reroute", "Flow")
        .describe("A bend in a link: hands on what comes in, and costs nothing.")
        .keywords("dot elbow pass through")
        .passThrough()
        .input({.id = "in", .label = "In", .type = graph::types::kAny, .optional = true})
        .output({.id = "out", .label = "Out", .type = graph::types::kAny});
}

} // namespace ochre::nodes::flow
