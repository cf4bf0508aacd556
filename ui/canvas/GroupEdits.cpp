// SPDX-License-Identifier: GPL-3.0-or-later
// Groups: nodes into a definition, and back.
#include <algorithm>

#include "core/base/Error.h"
#include "ui/canvas/Edits.h"

namespace ochre::ui::edits {
namespace {

using graph::GroupDefinition;
using graph::Link;
using graph::Socket;

std::string freeId(const std::vector<Socket>& sockets, const std::string& wish) {
    const auto taken = [&](const std::string& id) {
        return std::any_of(sockets.begin(), sockets.end(), [&](const Socket& s) { return s.id == id; });
    };
    std::string id = wish;
    for (int i = 2; taken(id); ++i) id = wish + "_" + std::to_string(i);
    return id;
}

std::string freeGroupId(const Graph& graph) {
    for (int i = 1;; ++i)
        if (const std::string id = "group_" + std::to_string(i); !graph.findGroup(id)) return id;
}

Socket socketNamed(const std::vector<Socket>& sockets, const std::string& id) {
    for (const Socket& s : sockets)
        if (s.id == id) return s;
    return Socket{.id = id, .label = id, .type = "any"};
}

/// The socket (or driven parameter) that a link ends at.
Socket inputSocket(const Graph& graph, const NodeRegistry& registry, const graph::Node& node,
                   const std::string& id) {
    if (const graph::NodeDeclaration* declaration = registry.find(node.type))
        if (const graph::Parameter* p = declaration->findParameter(id))
            return Socket{.id = id, .label = p->label, .type = p->socketType(), .optional = true};
    return socketNamed(graph::inputsOf(node, graph, registry), id);
}

/// Builds the definition of a group while noting how it hangs in the outer graph.
class Grouper {
public:
    Grouper(Graph& graph, const NodeRegistry& registry, const NodeSet& nodes)
        : m_graph(graph), m_registry(registry), m_nodes(nodes) {}

    NodeId run() {
        measure();
        copyInside();
        linkInputs();
        linkOutputs();
        return replaceOutside();
    }

private:
    void measure() {
        for (const NodeId id : m_nodes) {
            const graph::Node& node = m_graph.at(id);
            if (node.type == "group.input" || node.type == "group.output")
                throw Error(node.name + ": the ends of a group cannot go into another",
                            "take them out of the selection");
            m_left = std::min(m_left, node.look.x);
            m_right = std::max(m_right, node.look.x);
            m_top = std::min(m_top, node.look.y);
        }
    }

    void copyInside() {
        std::vector<graph::Node> nodes;
        for (const NodeId id : m_nodes) {
            graph::Node node = m_graph.at(id);
            if (const GroupDefinition* inner = m_graph.findGroup(node.group)) m_groups.push_back(*inner);
            std::erase_if(node.inputs, [&](const auto& entry) { return !m_nodes.count(entry.second.node); });
            nodes.push_back(std::move(node));
        }
        m_inner = Graph::fromNodes(std::move(nodes));
        for (const GroupDefinition& inner : m_groups) m_inner.setGroup(inner);
        m_input = addEnd("group.input", m_left - 264);
        m_output = addEnd("group.output", m_right + 304);
    }

    NodeId addEnd(const std::string& type, double x) {
        graph::Node node;
        node.type = type;
        node.look.x = x;
        node.look.y = m_top;
        return m_inner.add(std::move(node));
    }

    void linkInputs() {
        for (const NodeId id : m_nodes) {
            const graph::Node& node = m_graph.at(id);
            for (const auto& [input, link] : node.inputs) {
                if (m_nodes.count(link.node)) continue;
                auto& socket = m_inputOf[link]; // one socket for all that take the same output
                if (socket.empty()) socket = addInput(inputSocket(m_graph, m_registry, node, input), link);
                m_inner.connect({m_input, socket}, id, input);
            }
            for (const Socket& s : graph::inputsOf(node, m_graph, m_registry))
                if (!s.optional && !node.inputs.count(s.id))
                    m_inner.connect({m_input, addInput(s, {})}, id, s.id);
        }
    }

    std::string addInput(Socket socket, const Link& from) {
        socket.id = freeId(m_definition.inputs, socket.id);
        socket.lazy = false;
        m_definition.inputs.push_back(socket);
        if (from.node) m_outsideInputs[socket.id] = from;
        return socket.id;
    }

    void linkOutputs() {
        for (const NodeId id : m_nodes)
            for (const NodeId consumer : m_graph.consumers(id)) {
                if (m_nodes.count(consumer)) continue;
                for (const auto& [input, link] : m_graph.at(consumer).inputs)
                    if (link.node == id) m_outside.push_back({consumer, input, addOutput(link)});
            }
    }

    std::string addOutput(const Link& link) {
        std::string& known = m_outputOf[link];
        if (!known.empty()) return known;
        Socket socket =
            socketNamed(graph::outputsOf(m_graph.at(link.node), m_graph, m_registry), link.output);
        socket.id = freeId(m_definition.outputs, socket.id);
        m_definition.outputs.push_back(socket);
        m_inner.connect(link, m_output, socket.id);
        return known = socket.id;
    }

    NodeId replaceOutside() {
        m_definition.id = freeGroupId(m_graph);
        m_definition.label = "Group";
        m_definition.graph = std::make_shared<const Graph>(std::move(m_inner));
        graph::Node node;
        node.type = "group";
        node.group = m_definition.id;
        node.name = m_definition.id;
        node.look.x = (m_left + m_right) / 2;
        node.look.y = m_top;
        m_graph.setGroup(m_definition);
        removeNodes(m_graph, m_nodes);
        const NodeId id = m_graph.add(std::move(node));
        for (const auto& [socket, link] : m_outsideInputs) m_graph.connect(link, id, socket);
        for (const auto& [consumer, input, socket] : m_outside)
            m_graph.connect({id, socket}, consumer, input);
        return id;
    }

    struct Consumer {
        NodeId node;
        std::string input, socket;
    };

    Graph& m_graph;
    const NodeRegistry& m_registry;
    const NodeSet& m_nodes;
    Graph m_inner;
    GroupDefinition m_definition;
    std::vector<GroupDefinition> m_groups;
    std::map<Link, std::string> m_inputOf, m_outputOf;
    std::map<std::string, Link> m_outsideInputs;
    std::vector<Consumer> m_outside;
    NodeId m_input = 0, m_output = 0;
    double m_left = 1e9, m_right = -1e9, m_top = 1e9;
};

/// Where a link inside a group comes from once its nodes stand outside; nothing when its end was free.
std::optional<Link> outerLink(const Link& link, const Graph& inner, const graph::Node& groupNode,
                              const std::map<NodeId, NodeId>& ids) {
    if (inner.at(link.node).type == "group.input") {
        const auto it = groupNode.inputs.find(link.output);
        return it == groupNode.inputs.end() ? std::nullopt : std::optional(it->second);
    }
    return Link{ids.at(link.node), link.output};
}

} // namespace

NodeId group(Graph& graph, const NodeRegistry& registry, const NodeSet& nodes) {
    if (nodes.empty()) throw Error("a group needs at least one node", "select what shall go into it");
    return Grouper(graph, registry, nodes).run();
}

NodeSet ungroup(Graph& graph, NodeId id) {
    const graph::Node groupNode = graph.at(id);
    const GroupDefinition* found = graph.findGroup(groupNode.group);
    if (!found) throw Error(groupNode.name + ": it is not a group", "select a group");
    const GroupDefinition definition = *found;
    const Graph& inner = *definition.graph;
    for (const GroupDefinition* nested : inner.groups())
        if (!graph.findGroup(nested->id)) graph.setGroup(*nested);

    double left = 1e9, top = 1e9;
    const auto isEnd = [](const graph::Node& node) {
        return node.type == "group.input" || node.type == "group.output";
    };
    inner.forEach([&](const graph::Node& node) {
        if (isEnd(node)) return;
        left = std::min(left, node.look.x);
        top = std::min(top, node.look.y);
    });
    std::map<NodeId, NodeId> ids;
    NodeSet added;
    inner.forEach([&](const graph::Node& node) {
        if (isEnd(node)) return;
        graph::Node copy = node;
        copy.id = 0;
        copy.inputs.clear();
        copy.look.x += groupNode.look.x - left;
        copy.look.y += groupNode.look.y - top;
        added.insert(ids[node.id] = graph.add(std::move(copy)));
    });
    std::map<std::string, Link> outputs;
    inner.forEach([&](const graph::Node& node) {
        for (const auto& [input, link] : node.inputs) {
            const auto outer = outerLink(link, inner, groupNode, ids);
            if (!outer) continue;
            if (node.type == "group.output")
                outputs[input] = *outer;
            else
                graph.connect(*outer, ids.at(node.id), input);
        }
    });
    std::vector<std::pair<LinkKey, Link>> joins;
    for (const NodeId consumer : graph.consumers(id))
        for (const auto& [input, link] : graph.at(consumer).inputs)
            if (link.node == id && outputs.count(link.output))
                joins.push_back({{consumer, input}, outputs.at(link.output)});
    graph.remove(id);
    for (const auto& [key, link] : joins) graph.connect(link, key.to, key.input);
    bool used = false;
    graph.forEach([&](const graph::Node& node) { used = used || node.group == definition.id; });
    if (!used) graph.removeGroup(definition.id);
    return added;
}

} // namespace ochre::ui::edits
