// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/graph/TestNodes.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace ochre::graph::test {
namespace {

using namespace std::chrono_literals;

Socket in(const std::string& id) {
    return {.id = id, .label = id, .type = types::kInt};
}

Parameter whole(const std::string& id, std::int64_t value = 0) {
    return {.id = id, .label = id, .help = "A number.", .kind = ParameterKind::Int, .defaultValue = value};
}

NodeDeclaration declare(const std::string& id) {
    return NodeDeclaration(id, 1, id, "Test").describe("For tests.");
}

void wait(RunContext& run, std::int64_t milliseconds) {
    for (std::int64_t i = 0; i < milliseconds; ++i) {
        run.cancel().check();
        run.progress().report(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(milliseconds),
                              "waiting");
        std::this_thread::sleep_for(1ms);
    }
}

} // namespace

Node node(const std::string& type, const std::string& name, std::map<std::string, ParameterValue> parameters,
          std::map<std::string, Link> inputs) {
    Node n;
    n.type = type;
    n.name = n.label = name;
    n.parameters = std::move(parameters);
    n.inputs = std::move(inputs);
    return n;
}

Bench::Bench() {
    addNumbers();
    addFailing();
    addLists();
    addLazy();
    executor = std::make_unique<Executor>(registry, cache);
}

void Bench::count(RunContext& run) {
    std::lock_guard lock(m_mutex);
    ++m_runs[run.nodeLabel()];
}

int Bench::runs(const std::string& nodeName) const {
    std::lock_guard lock(m_mutex);
    const auto it = m_runs.find(nodeName);
    return it == m_runs.end() ? 0 : it->second;
}

void Bench::resetRuns() {
    std::lock_guard lock(m_mutex);
    m_runs.clear();
}

Result Bench::evaluate(const Graph& graph, std::vector<NodeId> targets, Cancel cancel) {
    Request request;
    request.graph = graph;
    request.targets = std::move(targets);
    request.cancel = cancel;
    return executor->evaluate(request);
}

std::int64_t Bench::number(const Graph& graph, NodeId id, const std::string& output) {
    const Result result = evaluate(graph, {id});
    if (!result.ok) throw Error("the run failed");
    return result.output(id, output).as<std::int64_t>();
}

void Bench::addNumbers() {
    registry.add(
        declare("test.number").output(in("out")).parameter(whole("value")).onRun([this](RunContext& run) {
            count(run);
            run.setOutput("out", makeInt(run.integer("value")));
        }));
    registry.add(declare("test.add")
                     .input(in("a"))
                     .input({.id = "b", .label = "b", .type = types::kInt, .optional = true})
                     .output(in("out"))
                     .parameter(whole("plus"))
                     .onRun([this](RunContext& run) {
                         count(run);
                         const std::int64_t b = run.hasInput("b") ? run.inputAs<std::int64_t>("b") : 0;
                         // Wraps: random graphs grow numbers without bound.
                         const auto sum = static_cast<std::uint64_t>(run.inputAs<std::int64_t>("a")) * 3 +
                                          static_cast<std::uint64_t>(b) +
                                          static_cast<std::uint64_t>(run.integer("plus"));
                         run.setOutput("out", makeInt(static_cast<std::int64_t>(sum)));
                     }));
    registry.add(declare("test.half")
                     .input(in("a"))
                     .output({.id = "out", .label = "out", .type = types::kFloat})
                     .onRun([this](RunContext& run) {
                         count(run);
                         run.setOutput("out",
                                       makeFloat(0.5 * static_cast<double>(run.inputAs<std::int64_t>("a"))));
                     }));
    registry.add(declare("test.sink").sink().uncached().input(in("a")).onRun([this](RunContext& run) {
        count(run);
        run.input("a");
    }));
    registry.add(declare("test.clock").uncached().output(in("out")).onRun([this](RunContext& run) {
        count(run);
        run.setOutput("out", makeInt(runs(run.nodeLabel())));
    }));
    registry.add(declare("test.reroute")
                     .passThrough()
                     .input({.id = "a", .label = "a", .type = types::kAny, .optional = true})
                     .output({.id = "out", .label = "out", .type = types::kAny}));
    registry.add(declare("test.file")
                     .output(in("out"))
                     .parameter({.id = "path",
                                 .label = "path",
                                 .help = "A file.",
                                 .kind = ParameterKind::File,
                                 .defaultValue = std::string()})
                     .onRun([this](RunContext& run) {
                         count(run);
                         run.setOutput("out", makeInt(1));
                     }));
}

void Bench::addFailing() {
    registry.add(declare("test.fail").input(in("a")).output(in("out")).onRun([this](RunContext& run) {
        count(run);
        throw Error("it does not want to", "leave it alone");
    }));
    registry.add(declare("test.slow")
                     .input({.id = "a", .label = "a", .type = types::kInt, .optional = true})
                     .output(in("out"))
                     .parameter(whole("ms", 20))
                     .onRun([this](RunContext& run) {
                         count(run);
                         wait(run, run.integer("ms"));
                         run.setOutput("out",
                                       makeInt(run.hasInput("a") ? run.inputAs<std::int64_t>("a") : 1));
                     }));
    registry.add(declare("test.stubborn").output(in("out")).onRun([this](RunContext& run) {
        count(run);
        std::this_thread::sleep_for(600ms); // never looks at Cancel
        run.setOutput("out", makeInt(1));
    }));
    registry.add(declare("test.model")
                     .lane(Lane::Model)
                     .input({.id = "a", .label = "a", .type = types::kInt, .optional = true, .lazy = true})
                     .output(in("out"))
                     .parameter(whole("value"))
                     .onRun([this](RunContext& run) {
                         count(run);
                         const std::int64_t a = run.hasInput("a") ? run.inputAs<std::int64_t>("a") : 0;
                         const int now = ++m_model;
                         m_most = std::max(m_most.load(), now);
                         std::this_thread::sleep_for(2ms);
                         --m_model;
                         run.setOutput("out", makeInt(a + run.integer("value")));
                     }));
}

void Bench::addLists() {
    registry.add(declare("test.list")
                     .output({.id = "out", .label = "out", .type = types::kInt, .list = true})
                     .parameter(whole("count", 5))
                     .parameter(whole("bad", -1))
                     .parameter(whole("first"))
                     .onRun([this](RunContext& run) {
                         count(run);
                         ListSource list;
                         const std::int64_t bad = run.integer("bad"), first = run.integer("first");
                         for (std::int64_t i = first; i < first + run.integer("count"); ++i)
                             list.items.push_back({hashText(fmt::format("{} {}", i, i == bad)),
                                                   fmt::format("item {}", i), [this, i, bad] {
                                                       std::lock_guard lock(m_mutex);
                                                       ++m_runs["load"];
                                                       if (i == bad) throw Error("a bad item");
                                                       return makeInt(i);
                                                   }});
                         run.setOutput("out", Value::make<ListSource>(types::kInt, std::move(list)));
                     }));
    registry.add(declare("test.work")
                     .input(in("a"))
                     .output(in("out"))
                     .parameter(whole("ms", 1))
                     .onRun([this](RunContext& run) {
                         count(run);
                         const int now = ++m_items;
                         m_mostItems = std::max(m_mostItems.load(), now);
                         std::this_thread::sleep_for(std::chrono::milliseconds(run.integer("ms")));
                         --m_items;
                         run.setOutput("out", makeInt(run.inputAs<std::int64_t>("a") * 10));
                     }));
    registry.add(declare("test.total")
                     .input({.id = "list", .label = "list", .type = types::kInt, .list = true})
                     .output(in("out"))
                     .parameter({.id = "skip_bad",
                                 .label = "skip",
                                 .help = "Skip.",
                                 .kind = ParameterKind::Bool,
                                 .defaultValue = false})
                     .onRun([this](RunContext& run) {
                         count(run);
                         const ListView& list = run.listInput("list");
                         std::int64_t sum = 0;
                         for (std::size_t i = 0; i < list.size(); ++i) {
                             try {
                                 sum += list.item(i).as<std::int64_t>();
                             } catch (const Error&) {
                                 if (!run.flag("skip_bad")) throw;
                             }
                         }
                         run.setOutput("out", makeInt(sum));
                     }));
}

void Bench::addLazy() {
    const auto lazy = [](const std::string& id) {
        return Socket{.id = id, .label = id, .type = types::kInt, .lazy = true};
    };
    registry.add(declare("test.switch")
                     .input(lazy("first"))
                     .input(lazy("second"))
                     .output(in("out"))
                     .parameter(whole("index"))
                     .onNeeds([](const ParameterView& p) {
                         return std::vector<std::string>{p.integer("index") == 0 ? "first" : "second"};
                     })
                     .onRun([this](RunContext& run) {
                         count(run);
                         run.setOutput("out", run.input(run.integer("index") == 0 ? "first" : "second"));
                     }));
    registry.add(declare("test.pick")
                     .input(in("which"))
                     .input(lazy("first"))
                     .input(lazy("second"))
                     .output(in("out"))
                     .onRun([this](RunContext& run) {
                         count(run);
                         run.setOutput(
                             "out", run.input(run.inputAs<std::int64_t>("which") == 0 ? "first" : "second"));
                     }));
    registry.add(
        declare("test.repeat").groupSockets().parameter(whole("count", 3)).onRun([this](RunContext& run) {
            count(run);
            run.repeatGroup(static_cast<std::size_t>(run.integer("count")));
        }));
}

} // namespace ochre::graph::test
