// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/nodes/NodeBench.h"

#include <gtest/gtest.h>

#include "core/graph/RunContext.h"
#include "core/nodes/Types.h"

extern "C" void ochreBindNodes(ochre::graph::NodeRegistry& registry);

namespace ochre::nodes {
namespace {

std::vector<graph::Value>& slots() {
    static std::vector<graph::Value> slots;
    return slots;
}

/// The node that puts out values of that type.
std::string giverOf(const std::string& type) {
    const std::string id = "test.give_" + type;
    if (!allNodes().find(id))
        allNodes().add(graph::NodeDeclaration(id, 1, "Give", "Test")
                           .describe("Puts a value of the test out.")
                           .output({.id = "value", .label = "Value", .type = type})
                           .parameter({.id = "slot",
                                       .label = "Slot",
                                       .help = "Which value.",
                                       .kind = graph::ParameterKind::Int,
                                       .defaultValue = std::int64_t{0}})
                           .onRun([](graph::RunContext& run) {
                               run.setOutput("value",
                                             slots().at(static_cast<std::size_t>(run.integer("slot"))));
                           }));
    return id;
}

} // namespace

graph::NodeRegistry& allNodes() {
    static graph::NodeRegistry* registry = [] {
        auto* made = new graph::NodeRegistry;
        registerNodes(*made);
        ochreBindNodes(*made);
        return made;
    }();
    return *registry;
}

NodeBench::NodeBench(const std::string& type) {
    graph::Node node;
    node.type = type;
    m_node = m_graph.add(node);
}

NodeBench& NodeBench::set(const std::string& parameter, graph::ParameterValue value) {
    m_graph.setParameter(m_node, parameter, std::move(value));
    return *this;
}

NodeBench& NodeBench::give(const std::string& input, graph::Value value) {
    graph::Node giver;
    giver.type = giverOf(value.type());
    giver.parameters["slot"] = static_cast<std::int64_t>(slots().size());
    slots().push_back(std::move(value));
    m_graph.connect({m_graph.add(giver), "value"}, m_node, input);
    return *this;
}

NodeBench& NodeBench::watch(std::function<void(const graph::NodeState&)> watcher) {
    m_watcher = std::move(watcher);
    return *this;
}

graph::Result NodeBench::evaluate() const {
    graph::Executor executor(allNodes(), std::make_shared<graph::Cache>());
    graph::Request request{.graph = m_graph, .targets = {m_node}};
    if (m_watcher)
        request.listener.onState = [this](graph::NodeId node, const graph::NodeState& state) {
            if (node == m_node) m_watcher(state);
        };
    return executor.evaluate(request);
}

graph::Value NodeBench::run(const std::string& output) const {
    const graph::Result result = evaluate();
    if (const auto& error = result.states.at(m_node).error) throw *error;
    EXPECT_TRUE(result.ok);
    return result.output(m_node, output);
}

std::vector<graph::Value> NodeBench::runList(const std::string& output) const {
    const graph::ListSource list = run(output).as<graph::ListSource>();
    std::vector<graph::Value> values;
    for (const graph::ListSource::Item& item : list.items) values.push_back(item.load());
    return values;
}

Error NodeBench::fails() const {
    const graph::Result result = evaluate();
    EXPECT_FALSE(result.ok);
    return result.states.at(m_node).error.value_or(Error("it succeeded"));
}

} // namespace ochre::nodes
