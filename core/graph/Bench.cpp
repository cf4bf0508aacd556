// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Bench.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>

#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {

double milliseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(int rounds, const std::function<double()>& measure) {
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) times.push_back(measure());
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

// The way of the window: one node at a time, each linked as it comes.
Graph builtByEdits(std::size_t count) {
    Graph graph;
    NodeId last = 0;
    for (std::size_t i = 0; i < count; ++i) {
        Node node;
        node.type = i == 0 ? "bench.number" : "bench.add";
        const NodeId id = graph.add(std::move(node));
        if (last) graph.connect({last, "out"}, id, "a");
        last = id;
    }
    return graph;
}

Json measure(std::size_t count) {
    NodeRegistry registry;
    registerBenchNodes(registry);
    Json json{{"nodes", count}};
    Graph graph;
    json["build_ms"] = median(3, [&] { return milliseconds([&] { graph = benchGraphOf(count); }); });
    json["build_by_edits_ms"] = median(3, [&] { return milliseconds([&] { builtByEdits(count); }); });
    json["key_all_ms"] = median(5, [&] {
        Executor fresh(registry, nullptr);
        return milliseconds([&] { fresh.updateKeys(graph); });
    });
    Executor executor(registry, std::make_shared<Cache>());
    const auto target = static_cast<NodeId>(count), nearEnd = static_cast<NodeId>(count - 5);
    Request request;
    request.graph = graph;
    request.targets = {target};
    json["first_run_ms"] = milliseconds([&] { executor.evaluate(request); });
    json["unchanged_run_ms"] = median(21, [&] { return milliseconds([&] { executor.evaluate(request); }); });
    std::int64_t value = 0;
    json["change_key_ms"] = median(21, [&] {
        return milliseconds([&] {
            graph.setParameter(nearEnd, "plus", ++value);
            executor.key(graph, target);
        });
    });
    json["change_run_ms"] = median(21, [&] {
        graph.setParameter(nearEnd, "plus", ++value);
        request.graph = graph;
        return milliseconds([&] { executor.evaluate(request); });
    });
    return json;
}

} // namespace

void registerBenchNodes(NodeRegistry& registry) {
    const auto whole = [](const char* id) {
        return Parameter{.id = id,
                         .label = id,
                         .help = "A number.",
                         .kind = ParameterKind::Int,
                         .defaultValue = std::int64_t{0}};
    };
    const Socket out{.id = "out", .label = "Out", .type = types::kInt};
    registry.add(NodeDeclaration("bench.number", 1, "Number", "Bench")
                     .describe("A number.")
                     .output(out)
                     .parameter(whole("value"))
                     .onRun([](RunContext& run) { run.setOutput("out", makeInt(run.integer("value"))); }));
    registry.add(NodeDeclaration("bench.add", 1, "Add", "Bench")
                     .describe("A sum.")
                     .input({.id = "a", .label = "A", .type = types::kInt, .optional = true})
                     .input({.id = "b", .label = "B", .type = types::kInt, .optional = true})
                     .output(out)
                     .parameter(whole("plus"))
                     .onRun([](RunContext& run) {
                         std::int64_t sum = run.integer("plus");
                         for (const char* id : {"a", "b"})
                             if (run.hasInput(id)) sum = (sum + run.inputAs<std::int64_t>(id)) % 1'000'003;
                         run.setOutput("out", makeInt(sum));
                     }));
}

Graph benchGraphOf(std::size_t count) {
    std::vector<Node> nodes(count);
    for (std::size_t i = 0; i < count; ++i) {
        Node& node = nodes[i];
        node.id = static_cast<NodeId>(i + 1);
        node.type = i == 0 ? "bench.number" : "bench.add";
        if (i > 0) node.inputs["a"] = {static_cast<NodeId>(i), "out"};
        if (i > 1) node.inputs["b"] = {static_cast<NodeId>((i * 7919) % (i - 1) + 1), "out"};
    }
    return Graph::fromNodes(std::move(nodes));
}

Json benchGraph() {
    Json json;
    for (const std::size_t count : {std::size_t{10'000}, std::size_t{100'000}})
        json["graph"].push_back(measure(count));
    return json;
}

} // namespace ochre::graph
