// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of a graph that the canvas offers, without any of the window: each takes a graph and leaves it
// changed, or throws Error.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "core/graph/Graph.h"
#include "ui/canvas/LinkItem.h"
#include "ui/canvas/NodeFace.h"

namespace ochre::ui::edits {

using graph::Graph;
using graph::NodeId;
using graph::NodeRegistry;
using NodeSet = std::set<NodeId>;

/// A node of `type` with its defaults. Throws on types that are not known.
NodeId addNode(Graph& graph, const NodeRegistry& registry, const std::string& type, double x, double y);

/// The input (or driven parameter) of `node` that best takes `type`: free before linked, the same type before
/// a conversion.
std::optional<std::string> inputFor(const Graph& graph, const NodeRegistry& registry, NodeId node,
                                    const std::string& type);
std::optional<std::string> outputFor(const Graph& graph, const NodeRegistry& registry, NodeId node,
                                     const std::string& type);

void removeNodes(Graph& graph, const NodeSet& nodes);
void removeKeepingFlow(Graph& graph, const NodeRegistry& registry, const NodeSet& nodes);
void moveNodes(Graph& graph, const NodeSet& nodes, double dx, double dy);

/// Puts `node` between the two ends of a link. False when it has no fitting sockets.
bool insertOnLink(Graph& graph, const NodeRegistry& registry, NodeId node, const LinkKey& link);

/// Makes a group of `nodes`: links that cross its border become its sockets. Returns the group node.
NodeId group(Graph& graph, const NodeRegistry& registry, const NodeSet& nodes);
/// Puts a group's nodes back in its place. Returns them.
NodeSet ungroup(Graph& graph, NodeId groupNode);

/// Columns by depth from the sources, rows by where the inputs come from; `sizes` are those on the canvas.
void arrange(Graph& graph, const NodeSet& nodes, const std::map<NodeId, std::pair<double, double>>& sizes);

} // namespace ochre::ui::edits
