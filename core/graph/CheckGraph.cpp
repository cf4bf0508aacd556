// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/Graph.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {

const Socket* findSocket(const std::vector<Socket>& sockets, const std::string& id) {
    const auto it = std::find_if(sockets.begin(), sockets.end(), [&](const Socket& s) { return s.id == id; });
    return it == sockets.end() ? nullptr : &*it;
}

bool familiesMeet(const std::string& a, const std::string& b) {
    if (a.empty() || b.empty()) return true;
    std::set<std::string> known;
    for (std::size_t at = 0; at <= a.size();) {
        const std::size_t bar = std::min(a.find('|', at), a.size());
        known.insert(a.substr(at, bar - at));
        at = bar + 1;
    }
    for (std::size_t at = 0; at <= b.size();) {
        const std::size_t bar = std::min(b.find('|', at), b.size());
        if (known.count(b.substr(at, bar - at))) return true;
        at = bar + 1;
    }
    return false;
}

std::string channelText(const Constraint& c) {
    if (c.minChannels == c.maxChannels) return fmt::format("{}", c.minChannels);
    if (!c.maxChannels) return fmt::format("{} or more", c.minChannels);
    return fmt::format("{} to {}", std::max(1, c.minChannels), c.maxChannels);
}

bool channelsMeet(const Constraint& gives, const Constraint& takes) {
    const bool tooFew = gives.maxChannels && takes.minChannels && gives.maxChannels < takes.minChannels;
    const bool tooMany = takes.maxChannels && gives.minChannels && gives.minChannels > takes.maxChannels;
    return !tooFew && !tooMany;
}

class Checker {
public:
    Checker(const Graph& graph, const NodeRegistry& registry) : m_graph(graph), m_registry(registry) {}

    std::vector<Problem> run() {
        m_graph.forEach([&](const Node& node) {
            if (!node.muted) checkNode(node);
        });
        return std::move(m_problems);
    }

private:
    void say(const Node& node, const std::string& input, std::string message, std::string hint) {
        m_problems.push_back({node.id, input, std::move(message), std::move(hint)});
    }

    void checkNode(const Node& node) {
        const NodeDeclaration* declaration = m_registry.find(node.type);
        if (!declaration) {
            say(node, {}, fmt::format("{}: unknown node \"{}\"", node.name, node.type),
                "this file was made with nodes that this Ochre does not have; it is kept as it is");
            return;
        }
        if (node.version > declaration->version())
            say(node, {},
                fmt::format("{}: made by a newer version ({}) of this node than {}", node.name, node.version,
                            declaration->version()),
                "results may differ; a newer Ochre has it");
        if (declaration->hasGroupSockets() && node.type != "group.input" && node.type != "group.output" &&
            !m_graph.findGroup(node.group))
            say(node, {}, fmt::format("{}: the group \"{}\" is not there", node.name, node.group),
                "choose a group, or delete the node");
        const std::vector<Socket> inputs = inputsOf(node, m_graph, m_registry);
        if (!node.bypassed)
            for (const Socket& socket : inputs) checkRequired(node, socket);
        for (const auto& [id, link] : node.inputs) checkLink(node, *declaration, inputs, id, link);
        checkParameters(node, *declaration);
    }

    void checkRequired(const Node& node, const Socket& socket) {
        if (socket.optional || socket.lazy || node.inputs.count(socket.id)) return;
        say(node, socket.id,
            fmt::format("{}: the input \"{}\" is not linked", displayName(node, m_registry), socket.label),
            fmt::format("link it to something that gives {}", typeLabel(socket.type)));
    }

    void checkLink(const Node& node, const NodeDeclaration& declaration, const std::vector<Socket>& inputs,
                   const std::string& id, const Link& link) {
        const Parameter* parameter = declaration.findParameter(id);
        const Socket* input = findSocket(inputs, id);
        const std::string name = displayName(node, m_registry);
        if (!input && !parameter) {
            say(node, id, fmt::format("{}: there is no input \"{}\"", name, id),
                "the link is kept but has no effect");
            return;
        }
        const Node& source = m_graph.at(link.node);
        if (!m_registry.find(source.type) || source.type == "group.input")
            return; // said at the source; typed by the group
        const std::vector<Socket> outputs = outputsOf(source, m_graph, m_registry);
        const Socket* output = findSocket(outputs, link.output);
        if (!output) {
            say(node, id,
                fmt::format("{}: {} has no output \"{}\"", name, displayName(source, m_registry),
                            link.output),
                "link it to another output");
            return;
        }
        const TypeName& wanted = input ? input->type : parameter->socketType();
        if (!TypeRegistry::shared().accepts(wanted, output->type)) {
            say(node, id,
                fmt::format("{}: \"{}\" takes {}, not {}", name, id, typeLabel(wanted),
                            typeLabel(output->type)),
                "put a node between them that makes one from the other");
            return;
        }
        if (input) checkConstraint(node, *input, output->constraint);
    }

    void checkConstraint(const Node& node, const Socket& input, const Constraint& gives) {
        const Constraint& takes = input.constraint;
        const std::string name = displayName(node, m_registry);
        if (!channelsMeet(gives, takes))
            say(node, input.id,
                fmt::format("{}: \"{}\" takes {} channels, not {}", name, input.label, channelText(takes),
                            channelText(gives)),
                "convert the picture before it");
        if (!familiesMeet(gives.modelFamily, takes.modelFamily))
            say(node, input.id,
                fmt::format("{}: \"{}\" is for {} models, not {}", name, input.label, takes.modelFamily,
                            gives.modelFamily),
                "choose a model of that family");
    }

    void checkParameters(const Node& node, const NodeDeclaration& declaration) {
        for (const auto& [id, value] : node.parameters) {
            const Parameter* parameter = declaration.findParameter(id);
            if (!parameter) {
                say(node, id, fmt::format("{}: unknown parameter \"{}\"", displayName(node, m_registry), id),
                    "it is kept in the file but has no effect");
                continue;
            }
            if (node.inputs.count(id)) continue; // driven by a link
            try {
                parameter->check(value);
            } catch (const Error& e) {
                say(node, id, fmt::format("{}: {}", displayName(node, m_registry), e.message()), e.hint());
            }
        }
    }

    static std::string typeLabel(const TypeName& type) {
        const TypeInfo* info = TypeRegistry::shared().find(type);
        return info ? "“" + info->label + "”" : "“" + type + "”";
    }

    const Graph& m_graph;
    const NodeRegistry& m_registry;
    std::vector<Problem> m_problems;
};

} // namespace

std::vector<Problem> checkGraph(const Graph& graph, const NodeRegistry& registry) {
    return Checker(graph, registry).run();
}

} // namespace ochre::graph
