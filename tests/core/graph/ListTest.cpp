// SPDX-License-Identifier: GPL-3.0-or-later
#include <thread>

#include <gtest/gtest.h>

#include "core/graph/RunContext.h"
#include "tests/core/graph/TestNodes.h"

namespace ochre::graph {
namespace {

using test::Bench;
using test::node;

struct Chain {
    Graph graph;
    NodeId list, first, second;
    explicit Chain(std::int64_t count, std::int64_t bad = -1) {
        list = graph.add(node("test.list", "list", {{"count", count}, {"bad", bad}}));
        first = graph.add(node("test.work", "first", {}, {{"a", {list, "out"}}}));
        second = graph.add(node("test.work", "second", {}, {{"a", {first, "out"}}}));
    }
};

TEST(List, MapsTheChainOverItemsAFewAtATime) {
    Bench bench;
    Chain c(40);
    const Result result = bench.evaluate(c.graph, {c.second});
    ASSERT_TRUE(result.ok);
    const auto& list = result.output(c.second, "out").as<ListResult>();
    ASSERT_EQ(list.items.size(), 40u);
    for (std::size_t i = 0; i < 40; ++i)
        EXPECT_EQ(list.items[i].as<std::int64_t>(), static_cast<std::int64_t>(i) * 100);
    EXPECT_EQ(bench.runs("first"), 40);
    EXPECT_LE(bench.itemsAlive(), static_cast<int>(std::max(2u, std::thread::hardware_concurrency())));
    EXPECT_EQ(result.states.at(c.first).itemsDone, 40u);
    EXPECT_EQ(result.states.at(c.second).itemsTotal, 40u);
    EXPECT_EQ(result.states.at(c.second).status, NodeStatus::Done);
}

TEST(List, OneBadItemIsRecordedAndTheRestGoesOn) {
    Bench bench;
    Chain c(6, 2);
    const Result result = bench.evaluate(c.graph, {c.second});
    EXPECT_FALSE(result.ok);
    const auto& list = result.output(c.second, "out").as<ListResult>();
    ASSERT_TRUE(list.errors[2].has_value());
    EXPECT_NE(list.errors[2]->message().find("item 2"), std::string::npos);
    EXPECT_NE(list.errors[2]->message().find("a bad item"), std::string::npos);
    EXPECT_FALSE(list.errors[3].has_value());
    EXPECT_EQ(list.items[5].as<std::int64_t>(), 500);
    EXPECT_EQ(result.states.at(c.second).itemsFailed, 1u);
    EXPECT_EQ(result.states.at(c.second).itemsDone, 5u);
    EXPECT_EQ(result.states.at(c.second).status, NodeStatus::Done);
}

TEST(List, SecondRunDoesOnlyNewAndFailedItems) {
    Bench bench;
    Chain c(6, 2);
    bench.evaluate(c.graph, {c.second});
    bench.resetRuns();
    c.graph.setParameter(c.list, "bad", std::int64_t{-1});
    c.graph.setParameter(c.list, "count", std::int64_t{8});
    EXPECT_TRUE(bench.evaluate(c.graph, {c.second}).ok);
    EXPECT_EQ(bench.runs("second"), 3); // item 2 and the two new ones
}

TEST(List, AllItemsFailingFailsTheNode) {
    Bench bench;
    Graph g;
    const NodeId list = g.add(node("test.list", "list", {{"count", std::int64_t{3}}}));
    const NodeId bad = g.add(node("test.fail", "bad", {}, {{"a", {list, "out"}}}));
    const Result result = bench.evaluate(g, {bad});
    EXPECT_EQ(result.states.at(bad).status, NodeStatus::Failed);
    EXPECT_EQ(result.states.at(bad).itemsFailed, 3u);
    EXPECT_EQ(result.output(bad, "out").as<ListResult>().errors.size(), 3u);
}

TEST(List, CollectorsTakeItemsOneByOne) {
    Bench bench;
    Chain c(30);
    const NodeId total = c.graph.add(node("test.total", "total", {}, {{"list", {c.second, "out"}}}));
    const NodeId after = c.graph.add(node("test.add", "after", {}, {{"a", {total, "out"}}}));
    EXPECT_EQ(bench.number(c.graph, after), 3 * 100 * 29 * 30 / 2);
    EXPECT_EQ(bench.runs("total"), 1);
    bench.resetRuns();
    EXPECT_EQ(bench.number(c.graph, after), 3 * 100 * 29 * 30 / 2);
    EXPECT_EQ(bench.runs("total"), 0);
}

TEST(List, ACollectorThatSawAFailedItemIsNotCached) {
    Bench bench;
    Chain c(4, 1);
    const NodeId strict = c.graph.add(node("test.total", "strict", {}, {{"list", {c.first, "out"}}}));
    const NodeId lenient =
        c.graph.add(node("test.total", "lenient", {{"skip_bad", true}}, {{"list", {c.first, "out"}}}));
    Result result = bench.evaluate(c.graph, {strict, lenient});
    EXPECT_EQ(result.states.at(strict).status, NodeStatus::Failed);
    EXPECT_EQ(result.output(lenient, "out").as<std::int64_t>(), 50);
    bench.evaluate(c.graph, {lenient});
    EXPECT_EQ(bench.runs("lenient"), 2);
}

TEST(List, TwoListsGoSideBySideAndPlainValuesGoToAll) {
    Bench bench;
    Graph g;
    const NodeId a = g.add(node("test.list", "a", {{"count", std::int64_t{3}}}));
    const NodeId b = g.add(node("test.list", "b", {{"count", std::int64_t{3}}, {"first", std::int64_t{10}}}));
    const NodeId seven = g.add(node("test.number", "seven", {{"value", std::int64_t{7}}}));
    const NodeId sum =
        g.add(node("test.add", "sum", {}, {{"a", {a, "out"}}, {"b", {b, "out"}}, {"plus", {seven, "out"}}}));
    const Result result = bench.evaluate(g, {sum});
    ASSERT_TRUE(result.ok);
    EXPECT_EQ(result.output(sum, "out").as<ListResult>().items[2].as<std::int64_t>(), 2 * 3 + 12 + 7);
    EXPECT_EQ(bench.runs("seven"), 1);

    g.setParameter(b, "count", std::int64_t{4});
    const Result uneven = bench.evaluate(g, {sum});
    const std::string message = uneven.states.at(sum).error->message();
    EXPECT_NE(message.find("3"), std::string::npos);
    EXPECT_NE(message.find("4"), std::string::npos);
}

TEST(List, EmptyListIsDone) {
    Bench bench;
    Chain c(0);
    const NodeId total = c.graph.add(node("test.total", "total", {}, {{"list", {c.second, "out"}}}));
    EXPECT_TRUE(bench.evaluate(c.graph, {c.second}).ok);
    EXPECT_EQ(bench.number(c.graph, total), 0);
}

TEST(List, APlainValueIsAListOfOne) {
    Bench bench;
    Graph g;
    const NodeId n = g.add(node("test.number", "n", {{"value", std::int64_t{5}}}));
    const NodeId total = g.add(node("test.total", "total", {}, {{"list", {n, "out"}}}));
    EXPECT_EQ(bench.number(g, total), 5);
}

TEST(List, CancelStopsBetweenItems) {
    Bench bench;
    Chain c(1000);
    const Cancel cancel = Cancel::make();
    Request request;
    request.graph = c.graph;
    request.targets = {c.second};
    request.cancel = cancel;
    request.listener.onState = [&](NodeId id, const NodeState& s) {
        if (id == c.second && s.itemsDone >= 5) cancel.request();
    };
    const Result result = bench.executor->evaluate(request);
    EXPECT_TRUE(result.cancelled);
    EXPECT_LT(bench.runs("first"), 100);
}

} // namespace
} // namespace ochre::graph
