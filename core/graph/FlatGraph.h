// SPDX-License-Identifier: GPL-3.0-or-later
// The graph as the engine runs it: groups unfolded, muted and bypassed nodes resolved, every node with its
// Merkle key. Kept from one evaluation to the next, so that an edit costs what it changed. Private to
// core/graph.
//
// Each node of the graph and of each instance of a group has one flat number. A group node hands through:
// what it gives are the links into the "group.output" of its instance, and "group.input" gives the links into
// the group node. A link thus always leads, through any number of those, to a node that runs.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/graph/FlatEntry.h"

namespace ochre::graph {

/// Not thread-safe: the executor holds a lock around it.
class FlatGraph {
public:
    /// `loop`: the definition whose graph this is, its "group.input" standing for values that bind() names.
    explicit FlatGraph(NodeRegistry& registry, std::shared_ptr<const GroupDefinition> loop = nullptr);
    ~FlatGraph();

    void update(const Graph& graph, bool refreshFiles);
    void bind(const std::map<std::string, Hash128>& keys);
    FlatSnapshot snapshot() const;
    const Graph& graph() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre::graph
