// SPDX-License-Identifier: GPL-3.0-or-later
// Ochre graphs as ComfyUI files. A graph that came from ComfyUI goes back without loss, with the edits on
// top.
#pragma once

#include <string>
#include <vector>

#include "core/graph/Graph.h"

namespace ochre::project::interop {

struct WroteComfy {
    Json json;
    std::vector<std::string> missing;      ///< nodes that ComfyUI has no class for; they are left out
    std::vector<std::string> missingTypes; ///< their ids
    std::vector<std::string> warnings;     ///< settings that could not be said
};

/// UI format: schema 0.4, or what the graph came from. `extra` is the project's.
WroteComfy writeWorkflow(const graph::Graph& graph, const Json& extra, const graph::NodeRegistry& registry);
/// API ("prompt") format. Throws Error where links run in a circle through reroutes.
WroteComfy writeApi(const graph::Graph& graph, const Json& extra, const graph::NodeRegistry& registry);

} // namespace ochre::project::interop
