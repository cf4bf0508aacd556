// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets of nodes, also of those whose sockets come from a group definition, and the way through a bypassed
// node.
#include <fmt/format.h>

#include "core/graph/Graph.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {

std::vector<Socket> asOptional(std::vector<Socket> sockets) {
    for (Socket& s : sockets) s.optional = true;
    return sockets;
}

} // namespace

std::vector<Socket> inputsOf(const Node& node, const Graph& graph, const NodeRegistry& registry,
                             const GroupDefinition* within) {
    if (node.type == "group.input") return {};
    if (node.type == "group.output") return within ? asOptional(within->outputs) : std::vector<Socket>{};
    const NodeDeclaration* declaration = registry.find(node.type);
    if (!declaration) return {};
    if (!declaration->hasGroupSockets()) return declaration->inputs();
    const GroupDefinition* definition = graph.findGroup(node.group);
    return definition ? definition->inputs : std::vector<Socket>{};
}

std::vector<Socket> outputsOf(const Node& node, const Graph& graph, const NodeRegistry& registry,
                              const GroupDefinition* within) {
    if (node.type == "group.input") return within ? within->inputs : std::vector<Socket>{};
    if (node.type == "group.output") return {};
    const NodeDeclaration* declaration = registry.find(node.type);
    if (!declaration) return {};
    if (!declaration->hasGroupSockets()) return declaration->outputs();
    const GroupDefinition* definition = graph.findGroup(node.group);
    return definition ? definition->outputs : std::vector<Socket>{};
}

std::string bypassInput(const Node& node, const std::vector<Socket>& inputs, const Socket& output) {
    const TypeRegistry& types = TypeRegistry::shared();
    for (const Socket& input : inputs) {
        const bool fits =
            input.list == output.list && (input.type == types::kAny || types.isA(input.type, output.type));
        if (fits && node.inputs.count(input.id)) return input.id;
    }
    return {};
}

std::string displayName(const Node& node, const NodeRegistry& registry) {
    if (!node.label.empty()) return node.label;
    const NodeDeclaration* declaration = registry.find(node.type);
    const std::string& label = declaration ? declaration->label() : node.type;
    return fmt::format("{} ({})", label, node.name);
}

} // namespace ochre::graph
