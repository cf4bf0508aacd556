// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/MainPrompt.h"

#include <deque>
#include <functional>
#include <set>

namespace ochre::session {
namespace {

using graph::Graph;
using graph::Node;
using graph::NodeId;
using graph::NodeRegistry;

constexpr const char* kPositive = "positive";

bool hasPositive(const Node& node) {
    return !node.muted && node.inputs.contains(kPositive);
}

/// Links of a node in the order of its sockets; of a node with an input "positive" only that one when `narrow`.
std::vector<NodeId> above(const Node& node, const Graph& graph, const NodeRegistry& registry, bool narrow) {
    std::vector<NodeId> found;
    if (node.muted) return found;
    if (narrow && hasPositive(node)) return {node.inputs.at(kPositive).node};
    std::set<std::string> seen;
    for (const graph::Socket& socket : graph::inputsOf(node, graph, registry))
        if (const auto link = node.inputs.find(socket.id); link != node.inputs.end() && seen.insert(socket.id).second)
            found.push_back(link->second.node);
    for (const auto& [id, link] : node.inputs) // links that drive parameters, and those of nodes not known
        if (!seen.contains(id)) found.push_back(link.node);
    return found;
}

/// The nearest node from `start` up, itself included, that `wanted` takes; breadth first.
const Node* nearest(const Graph& graph, const NodeRegistry& registry, NodeId start, bool narrow,
                    const std::function<bool(const Node&)>& wanted) {
    std::deque<NodeId> next{start};
    std::set<NodeId> seen{start};
    while (!next.empty()) {
        const Node* node = graph.find(next.front());
        next.pop_front();
        if (!node) continue;
        if (wanted(*node)) return node;
        for (const NodeId id : above(*node, graph, registry, narrow))
            if (seen.insert(id).second) next.push_back(id);
    }
    return nullptr;
}

std::vector<std::string> promptsOf(const Node& node, const NodeRegistry& registry) {
    std::vector<std::string> ids;
    const graph::NodeDeclaration* declaration = node.muted ? nullptr : registry.find(node.type);
    if (!declaration) return ids;
    for (const graph::Parameter& parameter : declaration->parameters())
        if (isPrompt(parameter)) ids.push_back(parameter.id);
    return ids;
}

std::string textOf(const Node& node, const NodeRegistry& registry, const std::string& id) {
    const auto set = node.parameters.find(id);
    const auto& value = set != node.parameters.end() ? set->second
                                                     : registry.find(node.type)->findParameter(id)->defaultValue;
    const auto* text = std::get_if<std::string>(&value);
    return text ? *text : std::string();
}

PromptPlace placeAbove(const Graph& graph, const NodeRegistry& registry, const Node& sampler) {
    const Node* node = nearest(graph, registry, sampler.inputs.at(kPositive).node, true,
                               [&](const Node& n) { return !promptsOf(n, registry).empty(); });
    PromptPlace place;
    if (!node) return place;
    place.node = node->id;
    const std::vector<std::string> ids = promptsOf(*node, registry);
    place.linked = node->inputs.contains(ids.front());
    place.text = place.linked ? std::string() : textOf(*node, registry, ids.front());
    for (const std::string& id : ids)
        if (id == ids.front() || (!node->inputs.contains(id) && textOf(*node, registry, id) == place.text))
            place.parameters.push_back(id);
    return place;
}

} // namespace

bool isPrompt(const graph::Parameter& parameter) {
    return parameter.kind == graph::ParameterKind::LongText &&
           (parameter.id == "text" || parameter.id.starts_with("text_"));
}

PromptPlace findMainPrompt(const Graph& graph, const NodeRegistry& registry, NodeId viewed) {
    if (const Node* sampler = nearest(graph, registry, viewed, false, hasPositive))
        if (PromptPlace place = placeAbove(graph, registry, *sampler)) return place;
    PromptPlace place;
    graph.forEach([&](const Node& node) {
        if (!place && hasPositive(node)) place = placeAbove(graph, registry, node);
    });
    return place;
}

std::vector<std::pair<NodeId, std::string>> seedsAbove(const Graph& graph, const NodeRegistry& registry,
                                                       NodeId viewed) {
    std::vector<std::pair<NodeId, std::string>> seeds;
    const auto collect = [&](const Node& node) {
        const graph::NodeDeclaration* declaration = registry.find(node.type);
        if (!declaration) return false;
        for (const graph::Parameter& parameter : declaration->parameters())
            if (parameter.kind == graph::ParameterKind::Seed && !node.inputs.contains(parameter.id))
                seeds.emplace_back(node.id, parameter.id);
        return false; // never the one that is looked for: all are visited
    };
    if (viewed)
        nearest(graph, registry, viewed, false, collect);
    else
        graph.forEach([&](const Node& node) { collect(node); });
    return seeds;
}

} // namespace ochre::session
