// SPDX-License-Identifier: GPL-3.0-or-later
// Random edits of random graphs: what is kept from one state to the next equals what is made from nothing.
#include <map>
#include <optional>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/core/graph/TestNodes.h"

namespace ochre::graph {
namespace {

using test::Bench;
using test::node;

// One of the edits that an artist can make.
void edit(Graph& g, std::mt19937& random) {
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::vector<NodeId> ids;
    g.forEach([&](const Node& n) { ids.push_back(n.id); });
    const auto any = [&] { return ids[below(ids.size())]; };
    const std::size_t what = ids.size() < 3 ? 0 : below(9);
    if (what <= 1) {
        const char* type = below(3) == 0 ? "test.number" : below(4) == 0 ? "test.switch" : "test.add";
        g.add(node(type, ""));
    } else if (what <= 4) {
        const NodeId from = any(), to = any();
        const std::string type = g.at(to).type;
        const bool first = below(2) == 0;
        const std::string input = type == "test.number"   ? "value"
                                  : type == "test.switch" ? (first ? "first" : "second")
                                                          : (first ? "a" : "b");
        if (!g.dependsOn(from, to)) g.connect({from, "out"}, to, input);
    } else if (what == 5) {
        const NodeId id = any();
        const std::string type = g.at(id).type;
        g.setParameter(id,
                       type == "test.number"   ? "value"
                       : type == "test.switch" ? "index"
                                               : "plus",
                       static_cast<std::int64_t>(below(3)));
    } else if (what == 6) {
        g.remove(any());
    } else if (what == 7) {
        Node n = g.at(any());
        (below(2) ? n.muted : n.bypassed) = below(2) == 0;
        g.replace(n);
    } else {
        const NodeId id = any();
        if (!g.at(id).inputs.empty()) g.disconnect(id, g.at(id).inputs.begin()->first);
    }
}

Graph randomGraph(std::mt19937& random, int edits) {
    Graph g;
    for (int i = 0; i < edits; ++i) edit(g, random);
    return g;
}

// The same nodes in a graph that shares nothing with the first.
Graph rebuilt(const Graph& g) {
    std::vector<Node> nodes;
    g.forEach([&](const Node& n) { nodes.push_back(n); });
    return Graph::fromNodes(std::move(nodes));
}

// By definition: recursion, no keys, no cache. Nothing where it cannot be computed.
class Naive {
public:
    Naive(const Graph& g, const NodeRegistry& registry) : m_graph(g), m_registry(registry) {}

    std::optional<std::int64_t> value(const Link& link) const {
        const Node& n = m_graph.at(link.node);
        if (n.muted) return std::nullopt;
        if (n.bypassed) {
            const auto inputs = inputsOf(n, m_graph, m_registry);
            const std::string input = bypassInput(n, inputs, outputsOf(n, m_graph, m_registry).front());
            return input.empty() ? std::nullopt : value(n.inputs.at(input));
        }
        if (n.type == "test.number") return parameter(n, "value");
        if (n.type == "test.switch") {
            const auto index = parameter(n, "index");
            return index ? this->input(n, *index == 0 ? "first" : "second") : std::nullopt;
        }
        const auto a = input(n, "a"), plus = parameter(n, "plus");
        std::int64_t b = 0;
        if (n.inputs.count("b") && leads(n.inputs.at("b"))) {
            const auto found = input(n, "b");
            if (!found) return std::nullopt;
            b = *found;
        }
        if (!a || !plus) return std::nullopt;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(*a) * 3 + static_cast<std::uint64_t>(b) +
                                         static_cast<std::uint64_t>(*plus));
    }

private:
    // Whether a link ends at a node that runs, or in nothing (as if it were not there).
    bool leads(const Link& link) const {
        const Node& n = m_graph.at(link.node);
        if (n.muted) return false;
        if (!n.bypassed) return true;
        const auto inputs = inputsOf(n, m_graph, m_registry);
        const std::string input = bypassInput(n, inputs, outputsOf(n, m_graph, m_registry).front());
        return !input.empty() && leads(n.inputs.at(input));
    }
    std::optional<std::int64_t> input(const Node& n, const std::string& id) const {
        const auto it = n.inputs.find(id);
        return it == n.inputs.end() ? std::nullopt : value(it->second);
    }
    std::optional<std::int64_t> parameter(const Node& n, const std::string& id) const {
        if (n.inputs.count(id)) return input(n, id);
        const auto it = n.parameters.find(id);
        return it == n.parameters.end() ? 0 : std::get<std::int64_t>(it->second);
    }

    const Graph& m_graph;
    const NodeRegistry& m_registry;
};

RC_GTEST_PROP(GraphProperties, KeptKeysEqualThoseMadeFromNothing, (unsigned seed)) {
    Bench bench;
    std::mt19937 random(seed);
    Graph g = randomGraph(random, 30);
    std::vector<Graph> past;
    for (int i = 0; i < 30; ++i) {
        past.push_back(g);
        if (random() % 6 == 0) g = past[random() % past.size()]; // undo
        edit(g, random);
        bench.executor->updateKeys(g);
        const Graph fresh = rebuilt(g);
        g.forEach([&](const Node& n) {
            RC_ASSERT(bench.executor->key(g, n.id) == bench.executor->key(fresh, n.id));
        });
    }
}

RC_GTEST_PROP(GraphProperties, DifferenceNamesWhatChangedAndNoMore, (unsigned seed)) {
    std::mt19937 random(seed);
    const Graph a = randomGraph(random, 40);
    Graph b = a;
    for (int i = 0; i < 5; ++i) edit(b, random);
    const std::vector<NodeId> found = Graph::difference(a, b);
    const std::set<NodeId> said(found.begin(), found.end());
    for (NodeId id = 1; id < std::max(a.nextId(), b.nextId()); ++id)
        RC_ASSERT((a.share(id) != b.share(id)) == (said.count(id) == 1));
    RC_ASSERT(Graph::difference(b, b).empty());
}

RC_GTEST_PROP(GraphProperties, IndicesStayInStep, (unsigned seed)) {
    std::mt19937 random(seed);
    const Graph g = randomGraph(random, 60);
    std::map<NodeId, std::set<NodeId>> consumers;
    g.forEach([&](const Node& n) {
        RC_ASSERT(g.findByName(n.name) == g.find(n.id));
        for (const auto& [input, link] : n.inputs) consumers[link.node].insert(n.id);
    });
    g.forEach([&](const Node& n) {
        const std::vector<NodeId> list = g.consumers(n.id);
        RC_ASSERT(std::set<NodeId>(list.begin(), list.end()) == consumers[n.id]);
    });
}

RC_GTEST_PROP(GraphProperties, EvaluationEqualsTheDefinition, (unsigned seed)) {
    Bench bench;
    std::mt19937 random(seed);
    Graph g = randomGraph(random, 40);
    for (int i = 0; i < 5; ++i) {
        edit(g, random);
        std::vector<NodeId> all;
        g.forEach([&](const Node& n) { all.push_back(n.id); });
        const Result result = bench.evaluate(g, all);
        const Naive naive(g, bench.registry);
        for (const NodeId id : all) {
            const auto expected = naive.value({id, "out"});
            const Value value = result.output(id, "out");
            RC_ASSERT(value.empty() == !expected.has_value());
            if (expected) RC_ASSERT(value.as<std::int64_t>() == *expected);
        }
    }
}

} // namespace
} // namespace ochre::graph
