// SPDX-License-Identifier: GPL-3.0-or-later
// Cost of the engine itself; see core/graph/Bench.h. The argument is the number of nodes.
#include <benchmark/benchmark.h>

#include "core/graph/Bench.h"

namespace ochre::graph {
namespace {

struct Setup {
    explicit Setup(const benchmark::State& state)
        : count(static_cast<std::size_t>(state.range(0))), graph(benchGraphOf(count)) {
        registerBenchNodes(registry);
        executor = std::make_unique<Executor>(registry, std::make_shared<Cache>());
    }
    std::size_t count;
    Graph graph;
    NodeRegistry registry;
    std::unique_ptr<Executor> executor;
};

void build(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(benchGraphOf(static_cast<std::size_t>(state.range(0))));
}

void keyAll(benchmark::State& state) {
    const Setup setup(state);
    NodeRegistry registry;
    registerBenchNodes(registry);
    for (auto _ : state) Executor(registry, nullptr).updateKeys(setup.graph);
}

void changeNearTheEnd(benchmark::State& state) {
    Setup setup(state);
    const auto target = static_cast<NodeId>(setup.count);
    Request request;
    request.targets = {target};
    request.graph = setup.graph;
    setup.executor->evaluate(request);
    std::int64_t value = 0;
    for (auto _ : state) {
        setup.graph.setParameter(target - 5, "plus", ++value);
        request.graph = setup.graph;
        benchmark::DoNotOptimize(setup.executor->evaluate(request));
    }
}

BENCHMARK(build)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(keyAll)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(changeNearTheEnd)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace ochre::graph

BENCHMARK_MAIN();
