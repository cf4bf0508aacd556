// SPDX-License-Identifier: GPL-3.0-or-later
// A fixed set of threads and a parallel loop over them. One pool serves the whole program.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/Cancel.h"

namespace ochre {

class TaskPool {
public:
    /// `threads` 0 takes one a core.
    explicit TaskPool(unsigned threads = 0);
    ~TaskPool(); ///< runs what is queued, then joins

    TaskPool(const TaskPool&) = delete;
    TaskPool& operator=(const TaskPool&) = delete;

    static TaskPool& shared();

    void post(std::function<void()> task); ///< `task` must not throw
    unsigned threads() const { return static_cast<unsigned>(m_threads.size()); }

    /// Calls body(begin, end) over [0, count) in pieces of at least `grain`, the caller helping; returns when all are
    /// done. The first exception is rethrown; Cancel is asked between pieces. Safe to nest.
    void parallelFor(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body,
                     const Cancel& cancel = {});

private:
    void work();

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_tasks;
    std::vector<std::thread> m_threads;
    bool m_stopping = false;
};

} // namespace ochre
