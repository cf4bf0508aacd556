// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/core/graph/TestNodes.h"

namespace ochre::graph {
namespace {

using test::Bench;
using test::node;

Socket socket(const std::string& id) {
    return {.id = id, .label = id, .type = types::kInt, .optional = true};
}

// x → 3·x + plus
GroupDefinition triple(std::int64_t plus, const std::string& body = "test.add") {
    Graph inner;
    const NodeId in = inner.add(node("group.input", "in"));
    Node work = node(body, "work", {}, {{"a", {in, "x"}}});
    if (body == "test.add") work.parameters["plus"] = plus;
    const NodeId middle = inner.add(work);
    inner.add(node("group.output", "out", {}, {{"x", {middle, "out"}}}));
    return {"triple", "Triple", {socket("x")}, {socket("x")}, std::make_shared<const Graph>(inner)};
}

NodeId addGroup(Graph& g, const std::string& type, const std::string& name, const std::string& group,
                Link from) {
    Node n = node(type, name, {}, {{"x", from}});
    n.group = group;
    return g.add(n);
}

TEST(Group, InstancesShareOneDefinition) {
    Bench bench;
    Graph g;
    g.setGroup(triple(1));
    const NodeId two = g.add(node("test.number", "two", {{"value", std::int64_t{2}}}));
    const NodeId a = addGroup(g, "group", "a", "triple", {two, "out"});
    const NodeId b = addGroup(g, "group", "b", "triple", {a, "x"});
    const NodeId end = g.add(node("test.add", "end", {}, {{"a", {b, "x"}}}));
    EXPECT_EQ(bench.number(g, end), 3 * (3 * 7 + 1));
    EXPECT_EQ(bench.number(g, b, "x"), 22);
    g.setGroup(triple(10));
    EXPECT_EQ(bench.number(g, b, "x"), 3 * 16 + 10);
}

TEST(Group, StatesAndErrorsAreTheGroupNodes) {
    Bench bench;
    Graph g;
    g.setGroup(triple(0, "test.fail"));
    const NodeId two = g.add(node("test.number", "two"));
    const NodeId a = addGroup(g, "group", "a", "triple", {two, "out"});
    const NodeId end = g.add(node("test.add", "end", {}, {{"a", {a, "x"}}}));
    const Result result = bench.evaluate(g, {end});
    EXPECT_EQ(result.states.at(a).status, NodeStatus::Failed);
    EXPECT_EQ(result.states.at(a).error->message(), "a › work: it does not want to");
    EXPECT_EQ(result.states.at(end).status, NodeStatus::Blocked);
    EXPECT_EQ(result.states.at(end).blockedBy, a);
    g.setGroup(triple(0));
    EXPECT_EQ(bench.evaluate(g, {end}).states.at(a).status, NodeStatus::Done);
}

TEST(Group, NestsAndRefusesToContainItself) {
    Bench bench;
    Graph inner;
    const NodeId in = inner.add(node("group.input", "in"));
    const NodeId nested = addGroup(inner, "group", "nested", "triple", {in, "x"});
    inner.add(node("group.output", "out", {}, {{"x", {nested, "x"}}}));
    Graph g;
    g.setGroup(triple(1));
    g.setGroup({"outer", "Outer", {socket("x")}, {socket("x")}, std::make_shared<const Graph>(inner)});
    const NodeId two = g.add(node("test.number", "two", {{"value", std::int64_t{2}}}));
    const NodeId a = addGroup(g, "group", "a", "outer", {two, "out"});
    EXPECT_EQ(bench.number(g, a, "x"), 7);

    Graph self;
    const NodeId selfIn = self.add(node("group.input", "in"));
    const NodeId again = addGroup(self, "group", "again", "outer", {selfIn, "x"});
    self.add(node("group.output", "out", {}, {{"x", {again, "x"}}}));
    g.setGroup({"outer", "Outer", {socket("x")}, {socket("x")}, std::make_shared<const Graph>(self)});
    const Result result = bench.evaluate(g, {a});
    EXPECT_FALSE(result.ok);
    EXPECT_NE(result.states.at(a).error->message().find("contains itself"), std::string::npos);
}

TEST(Group, BypassHandsItsInputOn) {
    Bench bench;
    Graph g;
    g.setGroup(triple(1));
    const NodeId two = g.add(node("test.number", "two", {{"value", std::int64_t{2}}}));
    const NodeId a = addGroup(g, "group", "a", "triple", {two, "out"});
    const NodeId end = g.add(node("test.add", "end", {}, {{"a", {a, "x"}}}));
    Node n = g.at(a);
    n.bypassed = true;
    g.replace(n);
    EXPECT_EQ(bench.number(g, end), 6);
    n.bypassed = false;
    g.replace(n);
    EXPECT_EQ(bench.number(g, end), 21);
}

TEST(Group, IsMappedOverLists) {
    Bench bench;
    Graph g;
    g.setGroup(triple(1));
    const NodeId list = g.add(node("test.list", "list", {{"count", std::int64_t{4}}}));
    const NodeId a = addGroup(g, "group", "a", "triple", {list, "out"});
    const NodeId total = g.add(node("test.total", "total", {}, {{"list", {a, "x"}}}));
    EXPECT_EQ(bench.number(g, total), 3 * 6 + 4);
}

TEST(Repeat, FeedsOutputsBackAndKeepsRounds) {
    Bench bench;
    Graph g;
    g.setGroup(triple(1));
    const NodeId two = g.add(node("test.number", "two", {{"value", std::int64_t{2}}}));
    const NodeId loop = addGroup(g, "test.repeat", "loop", "triple", {two, "out"});
    EXPECT_EQ(bench.number(g, loop, "x"), 67); // 2 → 7 → 22 → 67
    EXPECT_EQ(bench.runs("work"), 3);
    g.setParameter(loop, "count", std::int64_t{4});
    EXPECT_EQ(bench.number(g, loop, "x"), 202);
    EXPECT_EQ(bench.runs("work"), 4);
    g.setGroup(triple(0));
    EXPECT_EQ(bench.number(g, loop, "x"), 162);
}

TEST(Repeat, GivesTheRoundAndNamesItInErrors) {
    Bench bench;
    Graph inner;
    const NodeId in = inner.add(node("group.input", "in"));
    const NodeId sum = inner.add(node("test.add", "sum", {}, {{"a", {in, "x"}}, {"b", {in, "index"}}}));
    inner.add(node("group.output", "out", {}, {{"x", {sum, "out"}}}));
    Graph g;
    g.setGroup({"steps",
                "Steps",
                {socket("x"), socket("index")},
                {socket("x")},
                std::make_shared<const Graph>(inner)});
    const NodeId one = g.add(node("test.number", "one", {{"value", std::int64_t{1}}}));
    const NodeId loop = addGroup(g, "test.repeat", "loop", "steps", {one, "out"});
    EXPECT_EQ(bench.number(g, loop, "x"), ((1 * 3 + 0) * 3 + 1) * 3 + 2);
    g.setGroup(triple(0, "test.fail"));
    const NodeId bad = addGroup(g, "test.repeat", "bad", "triple", {one, "out"});
    EXPECT_NE(bench.evaluate(g, {bad}).states.at(bad).error->message().find("round 1 of 3: work"),
              std::string::npos);
}

} // namespace
} // namespace ochre::graph
