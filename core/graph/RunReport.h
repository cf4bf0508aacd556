// SPDX-License-Identifier: GPL-3.0-or-later
// States of nodes, totals and events of one run. Private to core/graph.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>

#include "core/graph/Executor.h"
#include "core/graph/FlatGraph.h"

namespace ochre::graph {

/// update() and the totals are called with the run's lock held; flush() without it.
class RunReport {
public:
    RunReport(Listener listener, Pause pause) : m_listener(std::move(listener)), m_clock(std::move(pause)) {}

    /// Changes the state of a node, or of its part of the group node that stands for it. `quiet`: no event.
    void update(const FlatShape& shape, FlatId flat, const std::function<void(NodeState&)>& change,
                bool quiet = false);
    void result(const FlatShape& shape, const std::string& output, const Value& value);
    void preview(const FlatShape& shape, const std::string& output, const Value& value);
    void cancelOpen(); ///< what is queued or running will not be finished: say so
    bool wantsPreviews() const { return static_cast<bool>(m_listener.onPreview); }

    void addWork(double seconds, bool guessed);
    void addDone(double seconds); ///< negative: taken back
    /// What a node at work says of itself in place of earlier durations: seconds left by its own rate, or
    /// negative while that is not known, and then nothing is said of the whole.
    void setOwnLeft(FlatId node, double seconds) { m_own[node] = seconds; }
    void endOwnLeft(FlatId node) { m_own.erase(node); }
    double seconds() const { return m_clock.seconds(); } ///< of work, since the run began
    void reportTotal(bool atOnce, bool complete = false);

    const std::map<NodeId, NodeState>& states() const { return m_states; }
    std::map<NodeId, NodeState>& states() { return m_states; }

    /// Hands queued events to the listener, one thread at a time, in order.
    void flush();
    /// Waits until no event is under way; later ones are dropped.
    void close();

private:
    struct Group {
        std::unordered_map<FlatId, NodeState> parts;
        std::map<NodeStatus, std::size_t> counts;
    };
    using Clock = std::chrono::steady_clock;

    void aggregate(NodeId id, FlatId flat, const FlatShape& shape,
                   const std::function<void(NodeState&)>& change);
    void queue(std::function<void()> event);
    double secondsLeft(double share);
    double freshLeft(double share) const; ///< not smoothed

    Listener m_listener;
    std::map<NodeId, NodeState> m_states;
    std::map<NodeId, Group> m_groups;

    double m_work = 0, m_guessed = 0, m_done = 0, m_share = 0, m_left = -1;
    const WorkClock m_clock; ///< stands still while paused, and so does the time left
    double m_lastLeft = 0;   ///< seconds of it when m_left was worked out
    Clock::time_point m_lastTotal{};
    std::unordered_map<FlatId, double> m_own;

    std::mutex m_queueMutex;
    std::condition_variable m_delivered;
    std::deque<std::function<void()>> m_queue;
    bool m_delivering = false, m_closed = false;
};

} // namespace ochre::graph
