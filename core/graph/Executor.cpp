// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Executor.h"

#include <algorithm>
#include <list>
#include <mutex>

#include "core/graph/Run.h"

namespace ochre::graph {
namespace {

/// Keys of one document's graph, with the lock that guards them.
struct Table {
    Table(NodeRegistry& registry, std::uint64_t l) : lineage(l), flat(registry) {}
    const std::uint64_t lineage;
    std::mutex mutex;
    FlatGraph flat;
};

constexpr std::size_t kTables = 8; // documents at hand; the longest unused goes first

} // namespace

struct Executor::State {
    State(NodeRegistry& registry, std::shared_ptr<Cache> cache) : engine{registry, std::move(cache)} {}

    std::mutex mutex; // guards tables
    std::list<std::shared_ptr<Table>> tables;
    Engine engine; // last: its threads end first

    std::shared_ptr<Table> tableFor(const Graph& graph) {
        std::lock_guard lock(mutex);
        const auto it = std::find_if(tables.begin(), tables.end(),
                                     [&](const auto& t) { return t->lineage == graph.lineage(); });
        if (it != tables.end()) {
            tables.splice(tables.begin(), tables, it);
        } else {
            tables.push_front(std::make_shared<Table>(engine.registry, graph.lineage()));
            if (tables.size() > kTables) tables.pop_back();
        }
        return tables.front();
    }

    FlatSnapshot keys(const Graph& graph, bool refreshFiles) {
        const std::shared_ptr<Table> table = tableFor(graph);
        std::lock_guard lock(table->mutex);
        table->flat.update(graph, refreshFiles);
        return table->flat.snapshot();
    }
};

Executor::Executor(NodeRegistry& registry, std::shared_ptr<Cache> cache)
    : m_state(std::make_unique<State>(registry, cache ? std::move(cache) : std::make_shared<Cache>())) {}

Executor::~Executor() = default;

Cache& Executor::cache() {
    return *m_state->engine.cache;
}

void Executor::updateKeys(const Graph& graph, bool refreshFiles) {
    m_state->keys(graph, refreshFiles);
}

Hash128 Executor::key(const Graph& graph, NodeId node, bool refreshFiles) {
    const FlatSnapshot snapshot = m_state->keys(graph, refreshFiles);
    if (const FlatEntry* entry = snapshot.find(node)) return entry->key;
    throw Error("node #" + std::to_string(node) + ": there is no such node", "it may have been deleted");
}

Result Executor::evaluate(const Request& request) {
    const FlatSnapshot snapshot = m_state->keys(request.graph, true);
    std::vector<FlatId> targets;
    for (const NodeId id : request.targets) {
        const FlatId* flat = snapshot.ids.find(id);
        if (!flat)
            throw Error("node #" + std::to_string(id) + ": there is no such node",
                        "it may have been deleted");
        targets.push_back(*flat);
        // Inside of a group, what is looked at or saved runs with it.
        for (const FlatId sink : *snapshot.sinks)
            if (snapshot.at(sink).shape->inGroup && snapshot.at(sink).shape->shownAs == id)
                targets.push_back(sink);
    }
    if (request.targets.empty()) {
        targets = *snapshot.sinks;
        // A graph without any sink: its ends.
        if (targets.empty())
            request.graph.forEach([&](const Node& node) {
                if (request.graph.consumers(node.id).empty()) targets.push_back(*snapshot.ids.find(node.id));
            });
    }
    const auto run = std::make_shared<Run>(
        m_state->engine, snapshot,
        RunOptions{request.cancel, request.listener, request.graphText, request.useCache, {}, request.pause,
                   request.pictureTexts});
    return run->evaluate(targets);
}

Value Result::output(NodeId node, const std::string& output) const {
    const auto it = outputs.find(node);
    if (it == outputs.end()) return {};
    const auto value = it->second.find(output);
    return value == it->second.end() ? Value() : value->second;
}

} // namespace ochre::graph
