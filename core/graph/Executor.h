// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluates a graph. Keys first (Merkle: node id, version, parameters, keys of inputs), hits stop the walk,
// what is left runs: independent branches in parallel, one lane for the model runtime.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Pause.h"
#include "core/graph/Cache.h"
#include "core/graph/Graph.h"

namespace ochre::graph {

enum class NodeStatus { Idle, Queued, Running, Done, Cached, Bypassed, Failed, Blocked, Cancelled };

struct NodeState {
    NodeStatus status = NodeStatus::Idle;
    double share = 0;           ///< 0…1 while running
    std::string step;           ///< "tile 3 of 12"
    double seconds = 0;         ///< of the last run, without pauses
    std::size_t bytes = 0;      ///< of its outputs
    std::optional<Error> error; ///< Failed: its own; Blocked: that of `blockedBy`
    NodeId blockedBy = 0;
    std::size_t itemsDone = 0, itemsFailed = 0, itemsTotal = 0; ///< while mapped over a list
    Hash128 key;
};

/// Called from worker threads, never two at a time. Must return quickly.
struct Listener {
    std::function<void(NodeId, const NodeState&)> onState = {};
    std::function<void(NodeId, const std::string& output, const Value&)> onResult = {};
    std::function<void(NodeId, const std::string& output, const Value&)> onPreview = {};
    /// 0…1 over the whole run, and seconds left as estimated (negative: not known yet).
    std::function<void(double share, double secondsLeft)> onTotal = {};
};

struct Request {
    Graph graph;
    std::vector<NodeId> targets; ///< empty: every sink
    Cancel cancel = {};
    Listener listener = {};
    std::string graphText = {}; ///< handed to nodes that embed it
    std::map<std::string, std::string> pictureTexts = {}; ///< likewise, for other programs
    bool useCache = true;
    Pause pause = {}; ///< nodes stop at it between steps; none starts meanwhile
};

struct Result {
    std::map<NodeId, NodeState> states; ///< of every node that took part
    bool ok = true;                     ///< no node failed
    bool cancelled = false;
    std::size_t ran = 0, cached = 0;
    double seconds = 0;

    /// Output of a target; empty Value when it failed. A list comes as ListResult (below).
    Value output(NodeId node, const std::string& output) const;
    std::map<NodeId, std::map<std::string, Value>> outputs;
};

/// Payload of a target's output when it was mapped over a list; failed items hold an Error.
struct ListResult {
    std::vector<Value> items;
    std::vector<std::optional<Error>> errors;
};

/// One executor serves one program; evaluate() may be called from several threads, each on its own snapshot.
class Executor {
public:
    Executor(NodeRegistry& registry, std::shared_ptr<Cache> cache);
    ~Executor();

    /// Blocks until done or cancelled; never throws for a node's failure (see Result).
    Result evaluate(const Request& request);

    /// Keys of all nodes of `graph`, brought up to date from the last graph seen: cost grows with what
    /// changed. Files are looked at again (size and time) when `refreshFiles`.
    Hash128 key(const Graph& graph, NodeId node, bool refreshFiles = true);
    void updateKeys(const Graph& graph, bool refreshFiles = true);

    Cache& cache();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre::graph
