// SPDX-License-Identifier: GPL-3.0-or-later
// Small nodes with counters, for tests of the engine.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/graph/Executor.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::graph::test {

/// Registers: test.number (value → int), test.add (a, b → sum), test.pass, test.fail, test.slow (ms),
/// test.stubborn, test.list (count → list of int), test.total (list → int), test.switch (lazy), test.pick
/// (lazy by run), test.sink, test.clock, test.model (model lane).
class Bench {
public:
    Bench();
    ~Bench() { executor.reset(); } // nodes may still be counting

    NodeRegistry registry;
    std::shared_ptr<Cache> cache = std::make_shared<Cache>();
    std::unique_ptr<Executor> executor;

    int runs(const std::string& nodeName) const;
    void resetRuns();
    int mostAtOnce() const { return m_most; } ///< of the model lane
    int itemsAlive() const { return m_mostItems; }

    Result evaluate(const Graph& graph, std::vector<NodeId> targets = {}, Cancel cancel = {});
    std::int64_t number(const Graph& graph, NodeId node, const std::string& output = "out");

private:
    void count(RunContext& run);
    void addNumbers();
    void addFailing();
    void addLists();
    void addLazy();

    mutable std::mutex m_mutex;
    std::map<std::string, int> m_runs;
    std::atomic<int> m_model{0}, m_most{0}, m_items{0}, m_mostItems{0};
};

/// A node of type `type`, labelled `name` (what runs() counts by).
Node node(const std::string& type, const std::string& name,
          std::map<std::string, ParameterValue> parameters = {}, std::map<std::string, Link> inputs = {});

} // namespace ochre::graph::test
