// SPDX-License-Identifier: GPL-3.0-or-later
// One evaluation. Tasks are made on demand, from the targets up; a hit in the cache ends the way. Private to
// core/graph.
//
// A task is one node's work: for a mapped node, that of one item (in an ItemFrame) or the list as a whole.
// All changes happen under one lock and through a work list (settle), never by recursion: chains may be as
// long as they like. Nodes themselves run without the lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/graph/Task.h"

namespace ochre::graph {

class Run : public std::enable_shared_from_this<Run> {
public:
    Run(Engine& engine, FlatSnapshot snapshot, RunOptions options);

    /// Blocks. Targets are flat nodes; those that hand through stand for what they lead to.
    Result evaluate(const std::vector<FlatId>& targets);

private:
    friend class NodeRun;
    friend class ItemView;
    using Lock = std::unique_lock<std::mutex>;

    // Run.cpp: the walk
    TaskPtr plainTask(FlatId node);
    TaskPtr makeTask(FlatId node, const std::shared_ptr<ItemFrame>& frame);
    void settle();
    void enter(const TaskPtr& task);
    void enterNode(const TaskPtr& task);
    bool takeFromCache(const TaskPtr& task);
    void prepare(const TaskPtr& task);
    void need(const TaskPtr& task, const TaskPtr& dependency);
    void needInput(const TaskPtr& task, const FlatInput& input);
    void advance(const TaskPtr& task);
    bool resolveLazy(const TaskPtr& task);
    void start(const TaskPtr& task);
    void succeed(const TaskPtr& task, Outputs outputs, NodeStatus status, double seconds);
    void fail(const TaskPtr& task, Error error);
    void finish(const TaskPtr& task, Task::State state);
    void wake(const TaskPtr& task);
    void countWork(const TaskPtr& task);
    void countDone(const TaskPtr& task);
    void countStep(Task& task, double share); ///< before the task's own share is set
    void execute(const TaskPtr& task);
    void load(const TaskPtr& task);
    void waitFor(Lock& lock, const std::function<bool()>& done);
    void holdWhilePaused() const; ///< without the lock; throws Cancelled when stopped meanwhile
    void unlockAndFlush(Lock& lock);
    void report(const TaskPtr& task, const std::function<void(NodeState&)>& change);
    Error named(const Task& task, const Error& error) const;
    double estimate(const FlatEntry& entry, std::size_t bytes = 0, bool* guessed = nullptr) const;
    using Wanted = std::map<FlatId, std::map<std::string, std::pair<TaskPtr, std::string>>>;
    Wanted want(const std::vector<FlatId>& targets);
    Result collect(const Wanted& wanted);
    void drop();

    // RunLists.cpp
    std::shared_ptr<ListPlan> planList(const std::vector<Source>& ends,
                                       const std::vector<Source>& sources) const;
    void openList(ListPlan& plan, const std::vector<TaskPtr>& sources);
    void addSources(const TaskPtr& task, const std::vector<Source>& sources);
    std::shared_ptr<ItemFrame> makeFrame(const std::shared_ptr<ListPlan>& plan, std::size_t index) const;
    TaskPtr frameTask(const std::shared_ptr<ItemFrame>& frame, const Source& source);
    const ListSource::Item& itemOf(const ItemFrame& frame, const Source& source) const;
    void startList(const TaskPtr& task);
    void pump(const TaskPtr& task);
    void itemFinished(const TaskPtr& task, std::size_t index, Task& item);
    void finishList(const TaskPtr& task);
    void countItem(const Task& task, bool ok);
    void endFrame(const ItemFrame& frame);

    Engine& m_engine;
    const FlatSnapshot m_snapshot;
    const RunOptions m_options;
    RunReport m_report;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::map<FlatId, std::weak_ptr<Task>> m_plain;
    std::deque<TaskPtr> m_entering, m_advancing, m_finished;
    std::map<FlatId, std::vector<signed char>> m_items; ///< of mapped nodes: 1 done, −1 failed
    std::size_t m_running = 0, m_ran = 0, m_cached = 0;
    bool m_failed = false, m_over = false;
};

} // namespace ochre::graph
