// SPDX-License-Identifier: GPL-3.0-or-later
// The graph as a value: copies share structure, so a snapshot for a run and a step of undo cost next to
// nothing, and two graphs are compared in time that grows with what differs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Hash.h"
#include "core/graph/Node.h"
#include "core/graph/NodeRegistry.h"
#include "core/graph/Parameter.h"
#include "core/graph/SharedMap.h"

namespace ochre::graph {

class Graph;

/// A graph used as a node. Instances share it: editing it changes all.
struct GroupDefinition {
    std::string id, label;
    std::vector<Socket> inputs, outputs;
    std::shared_ptr<const Graph> graph;
};

/// A value type; const functions are safe from any thread. Editing functions throw Error (unknown node, a
/// cycle, …) and then leave the graph as it was.
class Graph {
public:
    Graph();

    /// All at once, links among them in any order. Throws Error on ids or names used twice, links from nodes
    /// that are not there, and cycles. Nodes with id 0 take the next ones.
    static Graph fromNodes(std::vector<Node> nodes);

    NodeId add(Node node);  ///< id 0 takes the next; an empty or taken name is made unique from the type
    void remove(NodeId id); ///< with the links at it
    /// Removes it but joins its first matching input to what its outputs fed.
    void removeKeepingFlow(NodeId id, const NodeRegistry& registry);
    void replace(Node node); ///< same id, links to it stay
    void setParameter(NodeId id, const std::string& parameter, ParameterValue value);
    void resetParameter(NodeId id, const std::string& parameter);
    void setLook(NodeId id, NodeLook look);
    /// Throws on a cycle, naming the nodes on it.
    void connect(Link from, NodeId to, const std::string& input);
    void disconnect(NodeId to, const std::string& input);
    void setFrames(std::vector<Frame> frames);
    void setGroup(GroupDefinition definition); ///< adds or replaces
    void removeGroup(const std::string& id);

    const Node* find(NodeId id) const;
    const Node& at(NodeId id) const; ///< throws Error
    const Node* findByName(const std::string& name) const;
    std::size_t size() const;
    void forEach(const std::function<void(const Node&)>& visit) const; ///< by id
    std::vector<NodeId> consumers(NodeId id) const; ///< nodes with a link from it, each once
    const std::vector<Frame>& frames() const;
    const GroupDefinition* findGroup(const std::string& id) const;
    std::vector<const GroupDefinition*> groups() const;
    bool sharesGroupsWith(const Graph& other) const { return m_groups == other.m_groups; }
    bool dependsOn(NodeId node, NodeId ancestor) const; ///< through any number of links

    /// Ids that were added, removed or replaced between the two.
    static std::vector<NodeId> difference(const Graph& a, const Graph& b);
    bool sameAs(const Graph& other) const; ///< shares all structure: no difference, found in no time

    /// The same for all copies of one graph, whatever was edited since: whose keys to start from. Never on
    /// disk.
    std::uint64_t lineage() const { return m_lineage; }
    /// The node as it is stored, shared: outlives edits of this graph.
    std::shared_ptr<const Node> share(NodeId id) const { return m_nodes.share(id); }
    NodeId nextId() const { return m_nextId; }
    void reserveIds(NodeId next); ///< ids below `next` are not given out (a loaded document's counter)

private:
    struct Consumers {
        std::vector<NodeId> ids; ///< sorted, one entry a link
    };
    struct Named { ///< the names of one hash
        std::vector<std::pair<std::string, NodeId>> entries;
    };
    struct Builder;

    void store(Node node);
    std::string uniqueName(const Node& node) const;
    void setName(const std::string& name, NodeId id);
    void dropName(const std::string& name, NodeId id);
    void addConsumer(NodeId source, NodeId consumer);
    void dropConsumer(NodeId source, NodeId consumer);
    void relink(const std::map<std::string, Link>& before, const std::map<std::string, Link>& after,
                NodeId id);
    void checkNoCycle(NodeId from, NodeId to) const;
    std::string cycleText(NodeId from, NodeId to) const;

    std::uint64_t m_lineage;
    NodeId m_nextId = 1;
    SharedMap<Node> m_nodes;
    SharedMap<Consumers> m_consumers;
    SharedMap<Named> m_names; ///< by 15 bits of the name's hash
    std::shared_ptr<const std::vector<Frame>> m_frames;
    std::shared_ptr<const std::map<std::string, GroupDefinition>> m_groups;
};

/// Sockets of a node: its declaration's, or for group nodes those of the definition (`within`: the definition
/// whose graph the node stands in, for group.input and group.output). Unknown nodes have none.
std::vector<Socket> inputsOf(const Node& node, const Graph& graph, const NodeRegistry& registry,
                             const GroupDefinition* within = nullptr);
std::vector<Socket> outputsOf(const Node& node, const Graph& graph, const NodeRegistry& registry,
                              const GroupDefinition* within = nullptr);
/// The input whose link a bypassed node hands to `output`: the first linked one of its type or a sub-type;
/// empty: none.
std::string bypassInput(const Node& node, const std::vector<Socket>& inputs, const Socket& output);
/// What messages call a node: its label, else its declaration's with its name.
std::string displayName(const Node& node, const NodeRegistry& registry);

/// Problems that can be seen without running: unlinked inputs, types that no longer fit, unknown nodes,
/// constraints.
struct Problem {
    NodeId node;
    std::string input; ///< empty: the node as a whole
    std::string message, hint;
};
std::vector<Problem> checkGraph(const Graph& graph, const NodeRegistry& registry);

} // namespace ochre::graph
