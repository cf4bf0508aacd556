// SPDX-License-Identifier: GPL-3.0-or-later
// Graphs as JSON: parameters by name, links by id, and everything that is not understood kept as it came.
#pragma once

#include <string_view>

#include "core/base/Json.h"
#include "core/graph/Graph.h"

namespace ochre::graph {

/// {"nodes": […], "frames": […], "groups": […]}, nodes by id; the same graph always gives the same text.
Json graphToJson(const Graph& graph);

/// Throws Error (Broken) that starts with `subject` and the place ("p.ochre: nodes[3].inputs.image: …").
/// Unknown node types and fields are kept; links to nodes that are not there, double ids and cycles are
/// errors. At most 1,000,000 nodes; groups nest at most 32 deep.
Graph graphFromJson(const Json& json, std::string_view subject);

} // namespace ochre::graph
