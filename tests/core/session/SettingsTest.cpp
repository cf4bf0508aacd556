// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "core/session/Session.h"
#include "tests/support/Support.h"

namespace ochre::session {
namespace {

struct Settings : ::testing::Test {
    void SetUp() override {
        registry.add(graph::NodeDeclaration("test.number", 1, "Number", "Test")
                         .describe("A number.")
                         .output({.id = "value", .label = "Value", .type = "float"})
                         .parameter({.id = "value", .label = "Value", .help = "It.", .defaultValue = 1.0, .max = 10})
                         .onRun([](graph::RunContext&) {}));
        graph::Node node;
        node.type = "test.number";
        node.name = "number";
        node.label = "My number";
        id = graph.add(node);
    }
    double value() const { return std::get<double>(graph.at(id).parameters.at("value")); }

    graph::NodeRegistry registry;
    graph::Graph graph;
    graph::NodeId id = 0;
};

TEST_F(Settings, ByNameLabelAndNumber) {
    applySetting(graph, registry, "number.value=2.5");
    EXPECT_EQ(value(), 2.5);
    applySetting(graph, registry, "My number.value=3");
    EXPECT_EQ(value(), 3);
    applySetting(graph, registry, "#1.value=4");
    EXPECT_EQ(value(), 4);
}

TEST_F(Settings, MistakesNameWhatThereIs) {
    test::expectError([&] { applySetting(graph, registry, "nothing"); }, "node.parameter=value");
    test::expectError([&] { applySetting(graph, registry, "x.value=1"); }, "its nodes: number");
    test::expectError([&] { applySetting(graph, registry, "number.size=1"); }, "its parameters: value");
    test::expectError([&] { applySetting(graph, registry, "number.value=abc"); });
    test::expectError([&] { applySetting(graph, registry, "number.value=11"); });
}

} // namespace
} // namespace ochre::session
