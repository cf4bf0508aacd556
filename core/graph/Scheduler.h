// SPDX-License-Identifier: GPL-3.0-or-later
// Threads that run nodes: about one a core at work at a time, one at a time in the model and display lanes. A
// node that waits for another gives its place (and lane) away, so waiting can never use up the threads.
// Private to core/graph.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/Cancel.h"
#include "core/graph/NodeDeclaration.h"

namespace ochre::graph {

class Scheduler {
public:
    /// `limit`: how many jobs run at once; 0: one a core, at least two.
    explicit Scheduler(unsigned limit = 0);
    ~Scheduler(); ///< runs what is queued, then joins

    void post(Lane lane, std::function<void()> job); ///< must not throw
    unsigned limit() const { return m_limit; }

    /// Made by a job around a wait; on other threads it does nothing. Ends by taking the lane back, unless
    /// cancelled.
    class Waiting {
    public:
        Waiting(Scheduler& scheduler, const Cancel& cancel);
        ~Waiting();
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        Scheduler& m_scheduler;
        const Cancel& m_cancel;
        bool m_active;
    };

private:
    struct Job {
        Lane lane;
        std::function<void()> run;
    };
    struct Place; // of the job that this thread runs

    void work();
    bool take(Job& job); // with the lock held
    void growIfNeeded(); // with the lock held
    void release(Lane lane);

    const unsigned m_limit;
    std::mutex m_mutex;
    std::condition_variable m_wake;     ///< there may be a job to take
    std::condition_variable m_laneFree; ///< for those coming back from a wait
    std::deque<Job> m_jobs;
    std::array<bool, 3> m_laneBusy{};
    std::vector<std::thread> m_threads;
    unsigned m_active = 0, m_idle = 0;
    bool m_stopping = false;
    static thread_local Place* t_place;
};

} // namespace ochre::graph
