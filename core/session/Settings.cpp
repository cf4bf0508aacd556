// SPDX-License-Identifier: GPL-3.0-or-later
// `--set node.parameter=value`.
#include <charconv>

#include <fmt/format.h>

#include "core/session/Session.h"

namespace ochre::session {
namespace {

std::string namesOf(const graph::Graph& graph) {
    std::string names;
    graph.forEach([&](const graph::Node& node) { names += (names.empty() ? "" : ", ") + node.name; });
    return names;
}

std::string parametersOf(const graph::NodeDeclaration& declaration) {
    std::string ids;
    for (const graph::Parameter& p : declaration.parameters()) ids += (ids.empty() ? "" : ", ") + p.id;
    return ids.empty() ? "none" : ids;
}

// By name, by "#id", or by a label that only one node has.
const graph::Node& findNode(const graph::Graph& graph, std::string_view who) {
    if (who.starts_with('#')) {
        graph::NodeId id = 0;
        std::from_chars(who.data() + 1, who.data() + who.size(), id);
        if (const graph::Node* node = graph.find(id)) return *node;
    }
    if (const graph::Node* node = graph.findByName(std::string(who))) return *node;
    const graph::Node* found = nullptr;
    int count = 0;
    graph.forEach([&](const graph::Node& node) {
        if (node.label == who && ++count == 1) found = &node;
    });
    if (count == 1) return *found;
    if (count > 1)
        throw Error(fmt::format("--set: {} nodes have the label \"{}\"", count, who), "use the node's name instead");
    throw Error(fmt::format("--set: the graph has no node \"{}\"", who), "its nodes: " + namesOf(graph));
}

} // namespace

void applySetting(graph::Graph& graph, const graph::NodeRegistry& registry, const std::string& setting) {
    const std::size_t equals = setting.find('=');
    const std::size_t dot = setting.substr(0, equals).rfind('.');
    if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 == equals)
        throw Error(fmt::format("--set {}: not of the form node.parameter=value", setting),
                    "for example --set upscale.tile=256");
    const graph::Node& node = findNode(graph, std::string_view(setting).substr(0, dot));
    const graph::NodeDeclaration* declaration = registry.find(node.type);
    if (!declaration)
        throw Error(fmt::format("--set {}: the node is of a type that this Ochre does not know: {}", setting, node.type));
    const std::string id = setting.substr(dot + 1, equals - dot - 1);
    const graph::Parameter* parameter = declaration->findParameter(id);
    if (!parameter)
        throw Error(fmt::format("--set {}: {} has no parameter \"{}\"", setting, node.name, id),
                    "its parameters: " + parametersOf(*declaration));
    graph.setParameter(node.id, id, parameter->parse(setting.substr(equals + 1)));
}

} // namespace ochre::session
