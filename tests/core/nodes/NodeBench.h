// SPDX-License-Identifier: GPL-3.0-or-later
// One node with given values on its inputs, run by the executor as in a graph.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/graph/Executor.h"
#include "core/graph/NodeRegistry.h"

namespace ochre::nodes {

/// Every node, those of the model library too.
graph::NodeRegistry& allNodes();

class NodeBench {
public:
    explicit NodeBench(const std::string& type);
    NodeBench& set(const std::string& parameter, graph::ParameterValue value);
    /// Through a node that puts the value out. Lists: each item by itself.
    NodeBench& give(const std::string& input, graph::Value value);
    /// Told each state of the node.
    NodeBench& watch(std::function<void(const graph::NodeState&)> watcher);

    /// What the output holds after a run. Throws the Error of the node that failed.
    graph::Value run(const std::string& output) const;
    /// Items of an output that is a list.
    std::vector<graph::Value> runList(const std::string& output) const;
    /// The error that a run ends with; fails the test where it succeeds.
    Error fails() const;

private:
    graph::Result evaluate() const;
    graph::Graph m_graph;
    graph::NodeId m_node;
    std::function<void(const graph::NodeState&)> m_watcher;
};

} // namespace ochre::nodes
