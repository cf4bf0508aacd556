// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/core/graph/TestNodes.h"
#include "tests/support/Support.h"

namespace ochre::graph {
namespace {

using test::Bench;
using test::node;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::time_point since) {
    return std::chrono::duration<double, std::milli>(Clock::now() - since).count();
}

TEST(Executor, RunsWhatTheTargetNeedsAndNothingElse) {
    Bench bench;
    Graph g;
    const NodeId one = g.add(node("test.number", "one", {{"value", std::int64_t{1}}}));
    const NodeId other = g.add(node("test.number", "other"));
    const NodeId sum = g.add(node("test.add", "sum", {{"plus", std::int64_t{4}}}, {{"a", {one, "out"}}}));
    EXPECT_EQ(bench.number(g, sum), 7);
    EXPECT_EQ(bench.runs("one"), 1);
    EXPECT_EQ(bench.runs("other"), 0);
    EXPECT_NE(other, 0u);
}

TEST(Executor, SecondRunHitsAndAChangeRunsOnlyWhatDependsOnIt) {
    Bench bench;
    Graph g;
    const NodeId a = g.add(node("test.number", "a"));
    const NodeId b = g.add(node("test.number", "b"));
    const NodeId left = g.add(node("test.add", "left", {}, {{"a", {a, "out"}}}));
    const NodeId right = g.add(node("test.add", "right", {}, {{"a", {b, "out"}}}));
    const NodeId end = g.add(node("test.add", "end", {}, {{"a", {left, "out"}}, {"b", {right, "out"}}}));
    EXPECT_EQ(bench.number(g, end), 0);
    bench.resetRuns();
    const Result again = bench.evaluate(g, {end});
    EXPECT_EQ(again.ran, 0u);
    EXPECT_EQ(again.states.at(end).status, NodeStatus::Cached);
    g.setParameter(b, "value", std::int64_t{5});
    EXPECT_EQ(bench.number(g, end), 15);
    EXPECT_EQ(bench.runs("left"), 0);
    EXPECT_EQ(bench.runs("right"), 1);
}

TEST(Executor, FailureBlocksWhatFollowsAndLeavesTheRest) {
    Bench bench;
    Graph g;
    const NodeId a = g.add(node("test.number", "a"));
    const NodeId bad = g.add(node("test.fail", "bad", {}, {{"a", {a, "out"}}}));
    const NodeId after = g.add(node("test.add", "after", {}, {{"a", {bad, "out"}}}));
    const NodeId fine = g.add(node("test.add", "fine", {}, {{"a", {a, "out"}}}));
    const Result result = bench.evaluate(g, {after, fine});
    EXPECT_FALSE(result.ok);
    EXPECT_EQ(result.states.at(bad).status, NodeStatus::Failed);
    EXPECT_EQ(result.states.at(bad).error->message(), "bad: it does not want to");
    EXPECT_EQ(result.states.at(bad).error->hint(), "leave it alone");
    EXPECT_EQ(result.states.at(after).status, NodeStatus::Blocked);
    EXPECT_EQ(result.states.at(after).blockedBy, bad);
    EXPECT_EQ(result.states.at(fine).status, NodeStatus::Done);
    EXPECT_TRUE(result.output(after, "out").empty());
}

TEST(Executor, MissingInputFailsBeforeAnythingRuns) {
    Bench bench;
    Graph g;
    const NodeId sum = g.add(node("test.add", "sum"));
    const Result result = bench.evaluate(g, {sum});
    EXPECT_EQ(result.states.at(sum).status, NodeStatus::Failed);
    EXPECT_NE(result.states.at(sum).error->message().find("\"a\" is not linked"), std::string::npos);
    EXPECT_FALSE(result.states.at(sum).error->hint().empty());
    EXPECT_EQ(bench.runs("sum"), 0);
}

TEST(Executor, UnknownNodeFailsAndIsNamed) {
    Bench bench;
    Graph g;
    const NodeId odd = g.add(node("future.node", "odd"));
    const NodeId sum = g.add(node("test.add", "sum", {}, {{"a", {odd, "out"}}}));
    const Result result = bench.evaluate(g, {sum});
    EXPECT_NE(result.states.at(odd).error->message().find("future.node"), std::string::npos);
    EXPECT_EQ(result.states.at(sum).status, NodeStatus::Blocked);
}

TEST(Executor, WrongParameterIsAnErrorOfTheNode) {
    Bench bench;
    Graph g;
    const NodeId n = g.add(node("test.number", "n", {{"value", std::string("much")}}));
    const Result result = bench.evaluate(g, {n});
    EXPECT_NE(result.states.at(n).error->message().find("much"), std::string::npos);
}

TEST(Executor, LinkDrivesAParameterAndIsConverted) {
    Bench bench;
    Graph g;
    const NodeId five = g.add(node("test.number", "five", {{"value", std::int64_t{5}}}));
    const NodeId half = g.add(node("test.half", "half", {}, {{"a", {five, "out"}}}));
    const NodeId n =
        g.add(node("test.number", "n", {{"value", std::int64_t{77}}}, {{"value", {half, "out"}}}));
    EXPECT_EQ(bench.number(g, n), 3); // 2.5 rounded
}

TEST(Executor, PrunedBranchNeitherRunsNorCountsInTheKey) {
    Bench bench;
    Graph g;
    const NodeId a = g.add(node("test.number", "a", {{"value", std::int64_t{1}}}));
    const NodeId b = g.add(node("test.number", "b", {{"value", std::int64_t{2}}}));
    const NodeId s = g.add(node("test.switch", "s", {}, {{"first", {a, "out"}}, {"second", {b, "out"}}}));
    const Hash128 key = bench.executor->key(g, s);
    EXPECT_EQ(bench.number(g, s), 1);
    EXPECT_EQ(bench.runs("b"), 0);
    g.setParameter(b, "value", std::int64_t{9});
    EXPECT_EQ(bench.executor->key(g, s), key);
    g.setParameter(s, "index", std::int64_t{1});
    EXPECT_NE(bench.executor->key(g, s), key);
    EXPECT_EQ(bench.number(g, s), 9);
}

TEST(Executor, LazyInputsAreChosenByDrivenParametersOrByTheRun) {
    Bench bench;
    Graph g;
    const NodeId one = g.add(node("test.number", "one", {{"value", std::int64_t{1}}}));
    const NodeId a = g.add(node("test.number", "a", {{"value", std::int64_t{10}}}));
    const NodeId b = g.add(node("test.number", "b", {{"value", std::int64_t{20}}}));
    const NodeId s = g.add(node("test.switch", "s", {},
                                {{"index", {one, "out"}}, {"first", {a, "out"}}, {"second", {b, "out"}}}));
    EXPECT_EQ(bench.number(g, s), 20);
    EXPECT_EQ(bench.runs("a"), 0);
    const NodeId p = g.add(
        node("test.pick", "p", {}, {{"which", {one, "out"}}, {"first", {a, "out"}}, {"second", {b, "out"}}}));
    EXPECT_EQ(bench.number(g, p), 20);
    EXPECT_EQ(bench.runs("a"), 0);
}

TEST(Executor, LongChainsNeedNoStack) {
    Bench bench;
    std::vector<Node> nodes;
    for (NodeId id = 1; id <= 20'000; ++id) {
        Node n = id == 1 ? node("test.number", "") : node("test.add", "", {}, {{"a", {id - 1, "out"}}});
        n.id = id;
        nodes.push_back(std::move(n));
    }
    const Graph g = Graph::fromNodes(std::move(nodes));
    const Result result = bench.evaluate(g, {20'000});
    EXPECT_TRUE(result.ok);
    EXPECT_EQ(result.ran, 20'000u);
    // Stopped half-way, the rest must be let go without recursion too.
    bench.cache->clear();
    const Cancel cancel = Cancel::make();
    std::thread stop([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        cancel.request();
    });
    bench.evaluate(g, {20'000}, cancel);
    stop.join();
}

TEST(Executor, CancelReturnsWithinAHundredMilliseconds) {
    Bench bench;
    for (const char* type : {"test.slow", "test.stubborn"}) {
        Graph g;
        const NodeId slow = g.add(node(type, "slow"));
        if (std::string(type) == "test.slow") g.setParameter(slow, "ms", std::int64_t{5000});
        const NodeId end = g.add(node("test.add", "end", {}, {{"a", {slow, "out"}}}));
        const Cancel cancel = Cancel::make();
        Clock::time_point asked;
        std::thread stop([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            asked = Clock::now();
            cancel.request();
        });
        const Result result = bench.evaluate(g, {end}, cancel);
        stop.join();
        EXPECT_LT(milliseconds(asked), 100) << type;
        EXPECT_TRUE(result.cancelled);
        EXPECT_EQ(result.states.at(slow).status, NodeStatus::Cancelled);
    }
}

TEST(Executor, SameWorkInTwoBranchesIsDoneOnce) {
    Bench bench;
    Graph g;
    const NodeId a = g.add(node("test.slow", "twin"));
    const NodeId b = g.add(node("test.slow", "twin_2"));
    const NodeId end = g.add(node("test.add", "end", {}, {{"a", {a, "out"}}, {"b", {b, "out"}}}));
    EXPECT_EQ(bench.number(g, end), 4);
    EXPECT_EQ(bench.runs("twin") + bench.runs("twin_2"), 1);
}

TEST(Executor, ModelLaneRunsOneAtATimeAndMayWaitForItself) {
    Bench bench;
    Graph g;
    std::vector<NodeId> targets;
    for (std::int64_t i = 0; i < 12; ++i) {
        const NodeId below = g.add(node("test.model", "", {{"value", i}}));
        targets.push_back(g.add(node("test.model", "", {{"value", 100 + i}}, {{"a", {below, "out"}}})));
    }
    const Result result = bench.evaluate(g, targets);
    EXPECT_TRUE(result.ok);
    EXPECT_EQ(bench.mostAtOnce(), 1);
    EXPECT_EQ(result.output(targets[3], "out").as<std::int64_t>(), 106);
}

TEST(Executor, ManyRunsAtOnceAgree) {
    Bench bench;
    Graph g;
    NodeId last = g.add(node("test.number", "", {{"value", std::int64_t{1}}}));
    for (int i = 0; i < 200; ++i) {
        const NodeId side = g.add(node("test.model", "", {{"value", std::int64_t{i % 7}}}));
        last = g.add(node("test.pick", "", {},
                          {{"which", {last, "out"}}, {"first", {side, "out"}}, {"second", {side, "out"}}}));
    }
    const std::int64_t expected = bench.number(g, last);
    bench.cache->clear();
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int round = 0; round < 5; ++round) {
                Graph mine = g;
                if (t % 2) mine.setLook(last, {.x = double(round)});
                if (bench.number(mine, last) != expected) ++wrong;
                if (round == 2) bench.cache->clear();
            }
        });
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(wrong, 0);
}

TEST(Executor, MutedBypassedAndReroutedNodes) {
    Bench bench;
    Graph g;
    const NodeId two = g.add(node("test.number", "two", {{"value", std::int64_t{2}}}));
    const NodeId three = g.add(node("test.number", "three", {{"value", std::int64_t{3}}}));
    const NodeId middle = g.add(node("test.add", "middle", {{"plus", std::int64_t{50}}},
                                     {{"a", {two, "out"}}, {"b", {three, "out"}}}));
    NodeId chain = middle;
    for (int i = 0; i < 3; ++i) chain = g.add(node("test.reroute", "", {}, {{"a", {chain, "out"}}}));
    const NodeId end = g.add(node("test.add", "end", {}, {{"a", {chain, "out"}}, {"b", {three, "out"}}}));
    EXPECT_EQ(bench.number(g, end), 59 * 3 + 3);
    EXPECT_EQ(bench.executor->key(g, chain), bench.executor->key(g, middle));

    Graph bypassed = g;
    Node n = g.at(middle);
    n.bypassed = true;
    bypassed.replace(n);
    EXPECT_EQ(bench.number(bypassed, end), 9);
    EXPECT_EQ(bench.executor->key(bypassed, middle), bench.executor->key(bypassed, two));
    EXPECT_EQ(bench.evaluate(bypassed, {middle}).output(middle, "out").as<std::int64_t>(), 2);

    Graph muted = g;
    n.bypassed = false;
    n.muted = true;
    muted.replace(n);
    const Result result = bench.evaluate(muted, {end});
    EXPECT_EQ(result.states.at(end).status, NodeStatus::Failed);
    EXPECT_NE(result.states.at(end).error->hint().find("muted"), std::string::npos);
}

TEST(Executor, VolatileNodesRunEachTimeAndSoDoesWhatFollows) {
    Bench bench;
    Graph g;
    const NodeId clock = g.add(node("test.clock", "clock"));
    const NodeId after = g.add(node("test.add", "after", {}, {{"a", {clock, "out"}}}));
    EXPECT_EQ(bench.number(g, after), 3);
    EXPECT_EQ(bench.number(g, after), 6);
}

TEST(Executor, FileContentBelongsToTheKey) {
    Bench bench;
    ochre::test::TemporaryFolder folder;
    const auto write = [&](const std::string& text) { std::ofstream(folder / "a.txt") << text; };
    write("one");
    Graph g;
    const NodeId n = g.add(node("test.file", "n", {{"path", (folder / "a.txt").string()}}));
    const Hash128 before = bench.executor->key(g, n);
    EXPECT_EQ(bench.executor->key(g, n), before);
    write("two");
    EXPECT_EQ(bench.executor->key(g, n, false), before);
    EXPECT_NE(bench.executor->key(g, n), before);
}

TEST(Executor, ProgressGrowsToTheEnd) {
    Bench bench;
    Graph g;
    NodeId last = g.add(node("test.slow", "s0", {{"ms", std::int64_t{60}}}));
    last = g.add(node("test.slow", "s1", {{"ms", std::int64_t{60}}}, {{"a", {last, "out"}}}));
    std::vector<double> shares;
    std::vector<NodeStatus> states;
    Request request;
    request.graph = g;
    request.targets = {last};
    request.listener.onTotal = [&](double share, double) { shares.push_back(share); };
    request.listener.onState = [&](NodeId id, const NodeState& s) {
        if (id == last) states.push_back(s.status);
    };
    EXPECT_TRUE(bench.executor->evaluate(request).ok);
    ASSERT_GE(shares.size(), 2u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_DOUBLE_EQ(shares.back(), 1.0);
    EXPECT_EQ(states.front(), NodeStatus::Queued);
    EXPECT_EQ(states.back(), NodeStatus::Done);
}

} // namespace
} // namespace ochre::graph
