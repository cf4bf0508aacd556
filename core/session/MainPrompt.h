// SPDX-License-Identifier: GPL-3.0-or-later
// Which text of a project is "the prompt", and which seeds a picture depends on: found by the ids of sockets and
// parameters, whatever the nodes are called.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/graph/Graph.h"
#include "core/graph/NodeRegistry.h"

namespace ochre::session {

struct PromptPlace {
    graph::NodeId node = 0;              ///< 0: the project has no prompt
    std::vector<std::string> parameters; ///< "text", or "text_g" and "text_l": those that say the same are edited together
    bool linked = false;                 ///< a link gives the text: it can only be read
    std::string text;                    ///< as set at the node; empty when linked

    explicit operator bool() const { return node != 0; }
};

/// From `viewed` up the links to the nearest node with an input "positive", and up from there to the nearest with a
/// prompt; where that leads to none (or `viewed` is 0), from any node with an input "positive". Muted nodes count as
/// absent.
PromptPlace findMainPrompt(const graph::Graph& graph, const graph::NodeRegistry& registry, graph::NodeId viewed);

/// LongText called "text" or "text_…".
bool isPrompt(const graph::Parameter& parameter);

/// The parameters of kind Seed that `viewed` depends on (of all nodes when 0) and that no link drives.
std::vector<std::pair<graph::NodeId, std::string>>
seedsAbove(const graph::Graph& graph, const graph::NodeRegistry& registry, graph::NodeId viewed);

} // namespace ochre::session
