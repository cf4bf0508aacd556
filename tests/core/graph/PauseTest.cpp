// SPDX-License-Identifier: GPL-3.0-or-later
// A run that is paused between two steps, and goes on.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "tests/core/graph/TestNodes.h"
#include "tests/support/Support.h"

namespace ochre::graph {
namespace {

using namespace std::chrono_literals;
using test::node;

/// "test.steps": a checksum of what each of its steps does to the last, so that a step more, less or twice shows.
class PauseTest : public ::testing::Test {
protected:
    PauseTest() {
        for (const char* way : {"report", "wait"})
            m_bench.registry.add(NodeDeclaration(std::string("test.steps_") + way, 1, "Steps", "Test")
                                     .describe("Works in steps.")
                                     .input({.id = "a", .label = "A", .type = "int", .optional = true})
                                     .output({.id = "out", .label = "Out", .type = "int"})
                                     .parameter({.id = "steps",
                                                 .label = "Steps",
                                                 .help = "How many.",
                                                 .kind = ParameterKind::Int,
                                                 .defaultValue = std::int64_t{40},
                                                 .min = 1,
                                                 .max = 1000})
                                     .onRun([this, report = way == std::string("report")](RunContext& run) {
                                         step(run, report);
                                     }));
    }

    void step(RunContext& run, bool report) {
        std::int64_t sum = run.hasInput("a") ? run.inputAs<std::int64_t>("a") : 1;
        const std::int64_t steps = run.integer("steps");
        for (std::int64_t i = 0; i < steps; ++i) {
            run.cancel().check();
            if (report)
                run.progress().report(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(steps), "step");
            else
                run.waitWhilePaused();
            sum = (sum * 31 + i) % 1000003;
            ++m_steps;
            std::this_thread::sleep_for(5ms);
        }
        run.setOutput("out", makeInt(sum));
    }

    Result evaluate(const Graph& graph, NodeId target, const Pause& pause, const Cancel& cancel = {},
                    const Listener& listener = {}) {
        Request request;
        request.graph = graph;
        request.targets = {target};
        request.pause = pause;
        request.cancel = cancel;
        request.listener = listener;
        request.useCache = false;
        return m_bench.executor->evaluate(request);
    }

    void waitForSteps(int count) {
        while (m_steps < count) std::this_thread::sleep_for(1ms);
    }

    std::atomic<int> m_steps{0};
    test::Bench m_bench;
};

TEST_F(PauseTest, NoStepRunsWhilePausedAndTheResultIsTheSame) {
    for (const char* type : {"test.steps_report", "test.steps_wait"}) {
        Graph g;
        const NodeId a = g.add(node(type, "a"));
        m_steps = 0;
        const Result plain = evaluate(g, a, {});
        EXPECT_EQ(m_steps, 40);
        m_steps = 0;
        const Pause pause = Pause::make();
        Result result;
        std::thread runner([&] { result = evaluate(g, a, pause); });
        waitForSteps(5);
        pause.set(true);
        std::this_thread::sleep_for(60ms);
        const int held = m_steps;
        EXPECT_LT(held, 40);
        std::this_thread::sleep_for(800ms);
        EXPECT_EQ(m_steps, held) << type;
        pause.set(false);
        runner.join();
        EXPECT_EQ(m_steps, 40) << "no step is left out or done twice";
        EXPECT_TRUE(result.ok);
        EXPECT_EQ(result.output(a, "out").as<std::int64_t>(), plain.output(a, "out").as<std::int64_t>());
        EXPECT_LT(result.seconds, plain.seconds + 0.5) << "the pause is not counted as work";
        EXPECT_LT(result.states.at(a).seconds, plain.states.at(a).seconds + 0.5);
    }
}

TEST_F(PauseTest, NoFurtherNodeStartsWhilePaused) {
    Graph g;
    const NodeId a = g.add(node("test.number", "a"));
    const NodeId b = g.add(node("test.add", "b", {}, {{"a", {a, "out"}}}));
    const Pause pause = Pause::make();
    pause.set(true);
    Result result;
    std::thread runner([&] { result = evaluate(g, b, pause); });
    std::this_thread::sleep_for(80ms);
    EXPECT_EQ(m_bench.runs("a") + m_bench.runs("b"), 0);
    pause.set(false);
    runner.join();
    EXPECT_EQ(m_bench.runs("a") + m_bench.runs("b"), 2);
    EXPECT_TRUE(result.ok);
}

TEST_F(PauseTest, CancelWorksWhilePausedAndRunsNoFurtherStep) {
    for (const char* type : {"test.steps_report", "test.steps_wait"}) {
        Graph g;
        const NodeId a = g.add(node(type, "a"));
        m_steps = 0;
        const Pause pause = Pause::make();
        const Cancel cancel = Cancel::make();
        std::atomic<NodeStatus> last{NodeStatus::Idle};
        Listener listener;
        listener.onState = [&](NodeId, const NodeState& state) { last = state.status; };
        Result result;
        std::thread runner([&] { result = evaluate(g, a, pause, cancel, listener); });
        waitForSteps(3);
        pause.set(true);
        std::this_thread::sleep_for(50ms);
        const int held = m_steps;
        const auto start = std::chrono::steady_clock::now();
        cancel.request();
        runner.join();
        EXPECT_LT(std::chrono::steady_clock::now() - start, 300ms);
        EXPECT_TRUE(result.cancelled);
        EXPECT_EQ(m_steps, held);
        EXPECT_EQ(last, NodeStatus::Cancelled);
    }
}

TEST_F(PauseTest, TheTimeLeftStandsStill) {
    Graph g;
    const NodeId a = g.add(node("test.steps_report", "a"));
    evaluate(g, a, {}); // now its duration is known
    const Pause pause = Pause::make();
    std::atomic<double> left{-1};
    Listener listener;
    listener.onTotal = [&](double, double secondsLeft) { left = secondsLeft; };
    m_steps = 0;
    std::thread runner([&] { evaluate(g, a, pause, {}, listener); });
    waitForSteps(20);
    pause.set(true);
    std::this_thread::sleep_for(40ms);
    const double before = left;
    std::this_thread::sleep_for(600ms);
    pause.set(false);
    waitForSteps(35);
    EXPECT_GT(before, 0);
    EXPECT_LT(left, before + 0.1) << "half a second of pause must not make the rest look longer";
    runner.join();
}

TEST_F(PauseTest, TheTimeLeftOfANewSettingIsThatOfItsOwnSteps) {
    Graph g;
    const NodeId a = g.add(node("test.steps_report", "a", {{"steps", std::int64_t{24}}}));
    evaluate(g, a, {}); // takes 120 ms, and so would the next one by what is known
    g.setParameter(a, "steps", std::int64_t{240});
    std::vector<std::pair<double, double>> told; // share of the steps done, seconds left
    Listener listener;
    listener.onTotal = [&](double, double left) { told.emplace_back(m_steps / 240.0, left); };
    m_steps = 0;
    const auto start = std::chrono::steady_clock::now();
    evaluate(g, a, {}, {}, listener);
    const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ASSERT_GT(told.size(), 5u);
    EXPECT_LT(told.front().second, 0) << "nothing is known before its first steps";
    int said = 0;
    for (const auto& [share, left] : told) {
        if (left < 0 || share > 0.9) continue;
        ++said;
        EXPECT_GT(left, 0.4 * (1 - share) * whole) << "at " << share;
        EXPECT_LT(left, 2.5 * (1 - share) * whole + 0.1) << "at " << share;
    }
    EXPECT_GT(said, 3);
}

TEST_F(PauseTest, WhatFollowsANodeWithStepsIsAddedByItsEarlierDuration) {
    Graph g;
    const NodeId a = g.add(node("test.steps_report", "a", {{"steps", std::int64_t{100}}}));
    const NodeId b = g.add(node("test.slow", "b", {{"ms", std::int64_t{700}}}, {{"a", {a, "out"}}}));
    evaluate(g, b, {});
    g.setParameter(a, "steps", std::int64_t{60});
    double last = -1;
    Listener listener;
    m_steps = 0;
    listener.onTotal = [&](double, double left) {
        if (m_steps > 20 && m_steps < 55 && last < 0) last = left;
    };
    evaluate(g, b, {}, {}, listener);
    EXPECT_GT(last, 0.6);
    EXPECT_LT(last, 2.5);
}

// A node that ignores Cancel goes on alone; what is shown of it must not stay "running".
TEST_F(PauseTest, ACancelledNodeThatIsStillAtWorkIsToldAsStopped) {
    Graph g;
    const NodeId a = g.add(node("test.stubborn", "a"));
    const Cancel cancel = Cancel::make();
    std::atomic<NodeStatus> last{NodeStatus::Idle};
    Listener listener;
    listener.onState = [&](NodeId, const NodeState& state) { last = state.status; };
    std::thread runner([&] { evaluate(g, a, {}, cancel, listener); });
    while (last != NodeStatus::Running) std::this_thread::sleep_for(1ms);
    cancel.request();
    runner.join();
    EXPECT_EQ(last, NodeStatus::Cancelled);
}

} // namespace
} // namespace ochre::graph
