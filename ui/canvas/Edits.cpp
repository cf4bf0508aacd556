// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/Edits.h"

#include <algorithm>
#include <cmath>

#include "core/base/Error.h"
#include "core/graph/Types.h"

namespace ochre::ui::edits {
namespace {

struct Offer {
    std::string id;
    std::string type;
    bool free;
};

std::vector<Offer> inputOffers(const Graph& graph, const NodeRegistry& registry, const graph::Node& node) {
    std::vector<Offer> offers;
    for (const graph::Socket& s : graph::inputsOf(node, graph, registry))
        offers.push_back({s.id, s.type, node.inputs.count(s.id) == 0});
    if (const graph::NodeDeclaration* declaration = registry.find(node.type))
        for (const graph::Parameter& p : declaration->parameters())
            offers.push_back({p.id, p.socketType(), node.inputs.count(p.id) == 0});
    return offers;
}

int rank(const Offer& offer, bool same) {
    return (offer.free ? 2 : 0) + (same ? 1 : 0);
}

} // namespace

NodeId addNode(Graph& graph, const NodeRegistry& registry, const std::string& type, double x, double y) {
    const graph::NodeDeclaration* declaration = registry.find(type);
    if (!declaration) throw Error(type + ": there is no such node", "search for another");
    graph::Node node;
    node.type = type;
    node.version = declaration->version();
    node.look.x = std::round(x);
    node.look.y = std::round(y);
    return graph.add(std::move(node));
}

std::optional<std::string> inputFor(const Graph& graph, const NodeRegistry& registry, NodeId id,
                                    const std::string& type) {
    std::optional<std::string> best;
    int bestRank = -1;
    for (const Offer& offer : inputOffers(graph, registry, graph.at(id))) {
        if (!graph::TypeRegistry::shared().accepts(offer.type, type)) continue;
        const int r = rank(offer, offer.type == type);
        if (r <= bestRank) continue;
        bestRank = r;
        best = offer.id;
    }
    return best;
}

std::optional<std::string> outputFor(const Graph& graph, const NodeRegistry& registry, NodeId id,
                                     const std::string& type) {
    std::optional<std::string> best;
    for (const graph::Socket& s : graph::outputsOf(graph.at(id), graph, registry)) {
        if (!graph::TypeRegistry::shared().accepts(type, s.type)) continue;
        if (s.type == type) return s.id;
        if (!best) best = s.id;
    }
    return best;
}

void removeNodes(Graph& graph, const NodeSet& nodes) {
    for (const NodeId id : nodes) graph.remove(id);
}

void removeKeepingFlow(Graph& graph, const NodeRegistry& registry, const NodeSet& nodes) {
    for (const NodeId id : nodes) graph.removeKeepingFlow(id, registry);
}

void moveNodes(Graph& graph, const NodeSet& nodes, double dx, double dy) {
    for (const NodeId id : nodes) {
        graph::NodeLook look = graph.at(id).look;
        look.x += dx;
        look.y += dy;
        graph.setLook(id, look);
    }
}

bool insertOnLink(Graph& graph, const NodeRegistry& registry, NodeId id, const LinkKey& key) {
    const graph::Node& target = graph.at(key.to);
    const auto it = target.inputs.find(key.input);
    if (it == target.inputs.end() || key.to == id || it->second.node == id) return false;
    const graph::Link from = it->second;
    const auto typeOf = [](const std::vector<graph::Socket>& sockets, const std::string& socket) {
        for (const graph::Socket& s : sockets)
            if (s.id == socket) return s.type;
        return graph::types::kAny;
    };
    const std::string given = typeOf(graph::outputsOf(graph.at(from.node), graph, registry), from.output);
    std::string taken = graph::types::kAny;
    for (const Offer& offer : inputOffers(graph, registry, target))
        if (offer.id == key.input) taken = offer.type;
    const auto input = inputFor(graph, registry, id, given);
    const auto output = outputFor(graph, registry, id, taken);
    if (!input || !output) return false;
    graph.disconnect(key.to, key.input);
    graph.connect(from, id, *input);
    graph.connect({id, *output}, key.to, key.input);
    return true;
}

void arrange(Graph& graph, const NodeSet& nodes, const std::map<NodeId, std::pair<double, double>>& sizes) {
    if (nodes.empty()) return;
    constexpr double kColumnGap = 64, kRowGap = 32;
    std::map<NodeId, int> depth;
    const std::function<int(NodeId)> depthOf = [&](NodeId id) {
        if (const auto it = depth.find(id); it != depth.end()) return it->second;
        int d = 0;
        for (const auto& [input, link] : graph.at(id).inputs)
            if (nodes.count(link.node)) d = std::max(d, depthOf(link.node) + 1);
        return depth[id] = d;
    };
    std::map<int, std::vector<NodeId>> columns;
    double left = INFINITY, top = INFINITY;
    for (const NodeId id : nodes) {
        columns[depthOf(id)].push_back(id);
        left = std::min(left, graph.at(id).look.x);
        top = std::min(top, graph.at(id).look.y);
    }
    std::map<NodeId, double> middle; // of nodes already placed
    double x = left;
    for (auto& [column, ids] : columns) {
        const auto wish = [&](NodeId id) {
            double sum = 0;
            int count = 0;
            for (const auto& [input, link] : graph.at(id).inputs)
                if (middle.count(link.node)) sum += middle[link.node], ++count;
            return count ? sum / count : graph.at(id).look.y;
        };
        std::stable_sort(ids.begin(), ids.end(), [&](NodeId a, NodeId b) { return wish(a) < wish(b); });
        double widest = 0, y = top;
        for (const NodeId id : ids) {
            const auto size = sizes.count(id) ? sizes.at(id) : std::pair(200.0, 120.0);
            graph::NodeLook look = graph.at(id).look;
            look.x = std::round(x);
            look.y = std::round(y);
            middle[id] = y + size.second / 2;
            graph.setLook(id, look);
            y += size.second + kRowGap;
            widest = std::max(widest, size.first);
        }
        x += widest + kColumnGap;
    }
}

} // namespace ochre::ui::edits
