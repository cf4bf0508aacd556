// SPDX-License-Identifier: GPL-3.0-or-later
// What a run is made of: tasks, items on their way through a list, and the engine that runs share. Private to
// core/graph.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/graph/Durations.h"
#include "core/graph/Executor.h"
#include "core/graph/FlatGraph.h"
#include "core/graph/InFlight.h"
#include "core/graph/RunReport.h"
#include "core/graph/Scheduler.h"

namespace ochre::graph {

struct Engine {
    NodeRegistry& registry;
    std::shared_ptr<Cache> cache;
    InFlight inFlight = {};
    Durations durations = {};
    Scheduler scheduler{}; ///< last: its threads end before the rest goes
};

struct RunOptions {
    Cancel cancel = {};
    Listener listener = {};
    std::string graphText = {};
    bool useCache = true;
    Outputs bound = {}; ///< values of a loop's "group.input"
    Pause pause = {};
    std::map<std::string, std::string> pictureTexts = {};
};

struct Task;
using TaskPtr = std::shared_ptr<Task>;

struct ListPlan;

/// One item on its way through a mapped chain.
struct ItemFrame {
    std::shared_ptr<ListPlan> plan;
    std::size_t index = 0, count = 1;
    std::string name;
    std::map<std::pair<FlatId, std::string>, TaskPtr>
        tasks; ///< output: only for the loading of the item itself
    std::unordered_map<FlatId, Hash128> keys;
    double counted = 0; ///< of the work below, already reported as done
};

/// What goes through a list: in order of need, with the sources.
struct ListPlan {
    std::vector<FlatId> order; ///< mapped nodes, each after those it reads
    std::vector<Source> sources;
    std::map<Source, Value> lists; ///< payload ListSource
    std::size_t count = 0;
    double itemWork = 0;
    std::set<TaskPtr> held; ///< broadcast values: kept while items go by
};

struct ListWork { ///< of a task that stands for a whole mapped list
    std::shared_ptr<ListPlan> plan;
    std::map<std::size_t, std::shared_ptr<ItemFrame>> frames; ///< under way
    std::size_t next = 0;
    std::map<std::string, ListResult> results;
    std::size_t failed = 0;
    std::optional<Error> firstError;
};

struct Task : std::enable_shared_from_this<Task> {
    enum class State { New, Waiting, Running, Done, Failed, Blocked, Cancelled };

    FlatId node = kNoNode;
    std::shared_ptr<const FlatEntry> entry;
    std::weak_ptr<ItemFrame> frame;
    bool inFrame = false;
    std::string itemOutput; ///< set: only loads the item of that list
    State state = State::New;
    Hash128 key;
    bool cacheable = false, owns = false, fromCache = false;
    bool lazyResolved = false, sawFailedItem = false;
    std::map<std::string, TaskPtr> inputs; ///< by input id
    std::vector<TaskPtr> sources;          ///< lists that it reads
    std::vector<std::weak_ptr<Task>> waiters;
    std::size_t pending = 0;
    Outputs outputs;
    std::optional<Error> error;
    NodeId blockedBy = 0;
    double work = 0, share = 0;
    bool guessed = false;                    ///< `work`
    int steps = 0;                           ///< reports that it came farther
    double stepsShare = 0, stepsSeconds = 0; ///< where it was at the first of them
    std::unique_ptr<ListWork> list;
    std::function<void(Task&)> onFinished;

    bool finished() const { return state >= State::Done; }
    bool isList() const { return entry->mapped() && !inFrame; }
    bool loadsItem() const { return !itemOutput.empty(); }
};

} // namespace ochre::graph
