// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/TaskPool.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>

namespace ochre {

TaskPool::TaskPool(unsigned threads) {
    if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
    m_threads.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) m_threads.emplace_back([this] { work(); });
}

TaskPool::~TaskPool() {
    {
        std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    for (std::thread& t : m_threads) t.join();
}

TaskPool& TaskPool::shared() {
    static TaskPool* pool = new TaskPool; // never destroyed: tasks may outlive main's statics
    return *pool;
}

void TaskPool::post(std::function<void()> task) {
    {
        std::lock_guard lock(m_mutex);
        m_tasks.push_back(std::move(task));
    }
    m_wake.notify_one();
}

void TaskPool::work() {
    for (;;) {
        std::function<void()> task;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stopping || !m_tasks.empty(); });
            if (m_tasks.empty()) return;
            task = std::move(m_tasks.front());
            m_tasks.pop_front();
        }
        task();
    }
}

namespace {

struct Loop {
    std::size_t count, piece, pieces;
    const std::function<void(std::size_t, std::size_t)>& body;
    const Cancel& cancel;
    std::atomic<std::size_t> next{0};
    std::atomic<bool> failed{false};
    std::mutex mutex;
    std::condition_variable finished;
    std::size_t done = 0;
    std::exception_ptr error{};

    // Takes pieces until none is left. A helper that comes late finds none and never touches body.
    void run() {
        for (std::size_t i; (i = next.fetch_add(1)) < pieces;) {
            if (!failed) {
                try {
                    cancel.check();
                    body(i * piece, std::min(count, (i + 1) * piece));
                } catch (...) {
                    std::lock_guard lock(mutex);
                    if (!error) error = std::current_exception();
                    failed = true;
                }
            }
            std::lock_guard lock(mutex);
            if (++done == pieces) finished.notify_all();
        }
    }
};

} // namespace

void TaskPool::parallelFor(std::size_t count, std::size_t grain,
                           const std::function<void(std::size_t, std::size_t)>& body, const Cancel& cancel) {
    if (count == 0) return;
    grain = std::max<std::size_t>(1, grain);
    const std::size_t wanted = std::size_t{threads()} * 8;
    const std::size_t piece = std::max(grain, (count + wanted - 1) / wanted);
    const std::size_t pieces = (count + piece - 1) / piece;
    const std::shared_ptr<Loop> loop(new Loop{count, piece, pieces, body, cancel});
    for (std::size_t i = 1; i < std::min<std::size_t>(pieces, threads()); ++i) post([loop] { loop->run(); });
    loop->run();
    std::unique_lock lock(loop->mutex);
    loop->finished.wait(lock, [&] { return loop->done == loop->pieces; });
    if (loop->error) std::rethrow_exception(loop->error);
}

} // namespace ochre
