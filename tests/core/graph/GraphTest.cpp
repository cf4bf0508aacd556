// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>

#include <gtest/gtest.h>

#include "core/graph/GraphJson.h"
#include "tests/core/graph/TestNodes.h"
#include "tests/support/Support.h"

namespace ochre::graph {
namespace {

using ochre::test::expectError;
using test::Bench;
using test::node;

TEST(Graph, GivesUniqueNames) {
    Graph g;
    Node n;
    n.type = "image.blur";
    EXPECT_EQ(g.at(g.add(n)).name, "blur");
    EXPECT_EQ(g.at(g.add(n)).name, "blur_2");
    EXPECT_EQ(g.at(g.add(n)).name, "blur_3");
    g.remove(2);
    EXPECT_EQ(g.findByName("blur_2"), nullptr);
    EXPECT_EQ(g.add(n), 4u); // ids are never used again
}

TEST(Graph, RefusesCyclesAndNamesThem) {
    Graph g;
    const NodeId a = g.add(node("test.add", "first"));
    const NodeId b = g.add(node("test.add", "second", {}, {{"a", {a, "out"}}}));
    const NodeId c = g.add(node("test.add", "third", {}, {{"a", {b, "out"}}}));
    const Graph before = g;
    const Error e = expectError([&] { g.connect({c, "out"}, a, "a"); }, "first → second → third → first");
    EXPECT_FALSE(e.hint().empty());
    expectError([&] { g.connect({a, "out"}, a, "a"); });
    EXPECT_TRUE(g.sameAs(before));
    std::vector<Node> nodes{g.at(a), g.at(b), g.at(c)};
    nodes[0].inputs["a"] = {c, "out"};
    expectError([&] { Graph::fromNodes(nodes); }, "circle");
}

TEST(Graph, CopiesAreIndependentAndCheapToCompare) {
    Graph a;
    for (int i = 0; i < 100; ++i) a.add(node("test.number", ""));
    Graph b = a;
    EXPECT_TRUE(a.sameAs(b));
    b.setParameter(50, "value", std::int64_t{3});
    EXPECT_EQ(Graph::difference(a, b), std::vector<NodeId>{50});
    EXPECT_TRUE(a.at(50).parameters.empty());
    EXPECT_EQ(a.lineage(), b.lineage());
}

TEST(Graph, RemovingDropsLinksOrKeepsTheFlow) {
    Bench bench;
    Graph g;
    const NodeId a = g.add(node("test.number", "a"));
    const NodeId b = g.add(node("test.add", "b", {}, {{"a", {a, "out"}}}));
    const NodeId c = g.add(node("test.add", "c", {}, {{"a", {b, "out"}}}));
    Graph cut = g;
    cut.remove(b);
    EXPECT_TRUE(cut.at(c).inputs.empty());
    EXPECT_TRUE(cut.consumers(a).empty());
    g.removeKeepingFlow(b, bench.registry);
    EXPECT_EQ(g.at(c).inputs.at("a"), (Link{a, "out"}));
    EXPECT_EQ(g.consumers(a), std::vector<NodeId>{c});
}

TEST(Graph, KeyChangesWithTheParameterAndNotWithLabelOrPlace) {
    Bench bench;
    Graph g;
    const NodeId n = g.add(node("test.number", "n"));
    const Hash128 key = bench.executor->key(g, n);
    g.setLook(n, {.x = 10, .y = 20, .color = "#ff0000"});
    Node changed = g.at(n);
    changed.label = "Other title";
    changed.name = "other";
    g.replace(changed);
    g.setParameter(n, "value", std::int64_t{0}); // the default, said aloud
    EXPECT_EQ(bench.executor->key(g, n), key);
    g.setParameter(n, "value", std::int64_t{1});
    EXPECT_NE(bench.executor->key(g, n), key);
}

TEST(CheckGraph, SaysWhatIsWrongBeforeARun) {
    Bench bench;
    Graph g;
    const NodeId lone = g.add(node("test.add", "lone"));
    const NodeId odd = g.add(node("future.node", "odd"));
    const NodeId wrong = g.add(node("test.number", "wrong", {{"value", std::string("x")}, {"more", 1.0}}));
    std::map<NodeId, int> found;
    for (const Problem& p : checkGraph(g, bench.registry)) {
        EXPECT_FALSE(p.message.empty());
        EXPECT_FALSE(p.hint.empty());
        ++found[p.node];
    }
    EXPECT_EQ(found, (std::map<NodeId, int>{{lone, 1}, {odd, 1}, {wrong, 2}}));
}

TEST(GraphJson, RoundTripKeepsEverything) {
    Graph g;
    const NodeId a =
        g.add(node("test.number", "a", {{"value", std::int64_t{4}}, {"tint", Color{1, 0.5f, 0, 1}}}));
    Node n = node("future.node", "b", {{"x", 0.1}}, {{"in", {a, "out"}}});
    n.extra = Json{{"future_field", {1, 2, 3}}};
    n.bypassed = true;
    n.look = {.x = 1.5, .y = -2, .width = 300, .collapsed = true, .color = "#112233"};
    g.add(n);
    g.setFrames({{.id = 1, .title = "Frame", .x = 1, .y = 2, .width = 3, .height = 4}});
    const Json json = graphToJson(g);
    const Graph back = graphFromJson(json, "test");
    EXPECT_EQ(dumpJson(graphToJson(back)), dumpJson(json));
    EXPECT_EQ(back.at(2).extra, n.extra);
    EXPECT_EQ(back.frames(), g.frames());
}

TEST(Search, FindsByWordsKeywordsAndTypes) {
    Bench bench;
    ASSERT_FALSE(bench.registry.search("switch").empty());
    EXPECT_EQ(bench.registry.search("switch").front().declaration->id(), "test.switch");
    EXPECT_TRUE(bench.registry.search("nothing like it").empty());
    for (const auto& match : bench.registry.search("", "int"))
        EXPECT_FALSE(match.declaration->inputs().empty() && match.declaration->parameters().empty());
}

TEST(Parameter, ChecksAndParses) {
    const Parameter p{.id = "radius",
                      .label = "Radius",
                      .help = "h",
                      .defaultValue = 4.0,
                      .min = 0,
                      .max = 100,
                      .unit = "px"};
    EXPECT_EQ(std::get<double>(p.check(std::int64_t{3})), 3.0);
    EXPECT_EQ(std::get<double>(p.parse(" 2.5 ")), 2.5);
    expectError([&] { p.check(-1.0); }, "radius: -1");
    expectError([&] { p.parse("wide"); }, "wide");
    const Parameter seed{.id = "seed",
                         .label = "Seed",
                         .help = "h",
                         .kind = ParameterKind::Seed,
                         .defaultValue = std::int64_t{0}};
    EXPECT_EQ(std::get<std::int64_t>(seed.check(7.0)), 7);
    expectError([&] { seed.check(7.5); });
    expectError([&] { seed.check(std::int64_t{-1}); });
    const Parameter color{
        .id = "c", .label = "C", .help = "h", .kind = ParameterKind::Color, .defaultValue = Color{}};
    EXPECT_EQ(std::get<Color>(color.parse("#ff0000")), (Color{1, 0, 0, 1}));
    EXPECT_EQ(std::get<Color>(color.parse(toText(Color{0.25f, 0.5f, 1, 0}))), (Color{0.25f, 0.5f, 1, 0}));
}

TEST(NodeDeclaration, SurvivesTheCatalogueAndNamesItsProblems) {
    Bench bench;
    for (const NodeDeclaration* d : bench.registry.all())
        EXPECT_EQ(NodeDeclaration::fromJson(d->toJson()).toJson(), d->toJson()) << d->id();
    EXPECT_GE(NodeDeclaration("Bad Id", 0, "", "").problems().size(), 5u);
}

} // namespace
} // namespace ochre::graph
