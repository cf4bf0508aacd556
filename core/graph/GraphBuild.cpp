// SPDX-License-Identifier: GPL-3.0-or-later
// Graph::fromNodes: the indices made once, the order checked once.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/Graph.h"

namespace ochre::graph {

struct Graph::Builder {
    std::vector<Node>& nodes;
    std::unordered_map<NodeId, std::size_t> byId = {};

    void giveIds() {
        NodeId next = 1;
        for (const Node& node : nodes) {
            if (node.id > kMaxNodeId) throw Error(fmt::format("node #{}: the id is too large", node.id));
            next = std::max(next, node.id + 1);
        }
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            if (nodes[i].id == 0) nodes[i].id = next++;
            if (!byId.emplace(nodes[i].id, i).second)
                throw Error(fmt::format("node #{}: the id is there twice", nodes[i].id));
        }
    }

    // Kahn's order: what is never freed of its inputs lies on a cycle or behind one.
    void checkOrder(const std::unordered_map<NodeId, Consumers>& consumers) const {
        std::vector<std::size_t> waiting(nodes.size());
        std::vector<NodeId> ready;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            waiting[i] = nodes[i].inputs.size();
            if (waiting[i] == 0) ready.push_back(nodes[i].id);
        }
        std::size_t done = 0;
        while (!ready.empty()) {
            const NodeId id = ready.back();
            ready.pop_back();
            ++done;
            const auto it = consumers.find(id);
            if (it == consumers.end()) continue;
            for (const NodeId consumer : it->second.ids)
                if (--waiting[byId.at(consumer)] == 0) ready.push_back(consumer);
        }
        if (done == nodes.size()) return;
        const auto stuck = std::find_if(waiting.begin(), waiting.end(), [](std::size_t w) { return w > 0; });
        const Node& node = nodes[static_cast<std::size_t>(stuck - waiting.begin())];
        throw Error(
            fmt::format("node {}: its links run in a circle", node.name.empty() ? node.type : node.name),
            "a node cannot depend on its own result");
    }
};

Graph Graph::fromNodes(std::vector<Node> nodes) {
    Builder builder{nodes};
    builder.giveIds();
    std::unordered_map<NodeId, Consumers> consumers;
    for (const Node& node : nodes) {
        for (const auto& [input, link] : node.inputs) {
            if (!builder.byId.count(link.node))
                throw Error(fmt::format("node #{}: the input \"{}\" is linked to #{}, which is not there",
                                        node.id, input, link.node));
            consumers[link.node].ids.push_back(node.id);
        }
    }
    builder.checkOrder(consumers);

    Graph graph;
    SharedMap<Node>::Batch nodeBatch;
    SharedMap<Consumers>::Batch consumerBatch;
    for (auto& [id, list] : consumers) {
        std::sort(list.ids.begin(), list.ids.end());
        graph.m_consumers.set(id, std::move(list), consumerBatch);
    }
    for (const Node& node : nodes) {
        if (node.name.empty()) continue;
        if (graph.findByName(node.name))
            throw Error(fmt::format("node {}: the name is there twice", node.name));
        graph.setName(node.name, node.id);
        graph.m_nodes.set(node.id, node, nodeBatch); // findByName looks the node up
    }
    for (Node& node : nodes) {
        graph.m_nextId = std::max(graph.m_nextId, node.id + 1);
        if (!node.name.empty()) continue;
        node.name = graph.uniqueName(node);
        graph.setName(node.name, node.id);
        graph.m_nodes.set(node.id, std::move(node), nodeBatch);
    }
    return graph;
}

} // namespace ochre::graph
