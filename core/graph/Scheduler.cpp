// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Scheduler.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include "core/base/Log.h"

namespace ochre::graph {

struct Scheduler::Place {
    const Scheduler* scheduler;
    Lane lane;
    bool laneHeld;
};

thread_local Scheduler::Place* Scheduler::t_place = nullptr;

Scheduler::Scheduler(unsigned limit)
    : m_limit(limit ? limit : std::max(2u, std::thread::hardware_concurrency())) {}

Scheduler::~Scheduler() {
    {
        std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    m_laneFree.notify_all();
    // A job at work may still add a thread, so the list is looked at anew each time.
    for (std::size_t i = 0;; ++i) {
        std::thread thread;
        {
            std::lock_guard lock(m_mutex);
            if (i == m_threads.size()) return;
            thread = std::move(m_threads[i]);
        }
        thread.join();
    }
}

void Scheduler::post(Lane lane, std::function<void()> job) {
    std::lock_guard lock(m_mutex);
    m_jobs.push_back({lane, std::move(job)});
    growIfNeeded();
    m_wake.notify_one();
}

void Scheduler::growIfNeeded() {
    if (m_idle > 0 || m_active >= m_limit || m_jobs.empty()) return;
    try {
        m_threads.emplace_back([this] { work(); });
    } catch (const std::system_error& e) {
        if (m_threads.empty()) throw;
        log::warning("no further thread can be started: {}", e.what()); // those there will come to it
    }
}

bool Scheduler::take(Job& job) {
    if (m_active >= m_limit) return false;
    for (auto it = m_jobs.begin(); it != m_jobs.end(); ++it) {
        bool& busy = m_laneBusy[static_cast<std::size_t>(it->lane)];
        if (it->lane != Lane::Free && busy) continue;
        busy = it->lane != Lane::Free;
        job = std::move(*it);
        m_jobs.erase(it);
        ++m_active;
        return true;
    }
    return false;
}

void Scheduler::release(Lane lane) {
    if (lane == Lane::Free) return;
    m_laneBusy[static_cast<std::size_t>(lane)] = false;
    m_laneFree.notify_all();
}

void Scheduler::work() {
    std::unique_lock lock(m_mutex);
    for (;;) {
        Job job;
        ++m_idle;
        m_wake.wait(lock, [&] { return take(job) || (m_stopping && m_jobs.empty()); });
        --m_idle;
        if (!job.run) return;
        growIfNeeded(); // others may be waiting in the queue
        lock.unlock();
        Place place{this, job.lane, job.lane != Lane::Free};
        t_place = &place;
        job.run();
        job.run = nullptr; // what it holds goes before the place is given away
        t_place = nullptr;
        lock.lock();
        --m_active;
        if (place.laneHeld) release(place.lane);
        m_wake.notify_all();
    }
}

Scheduler::Waiting::Waiting(Scheduler& scheduler, const Cancel& cancel)
    : m_scheduler(scheduler), m_cancel(cancel), m_active(t_place && t_place->scheduler == &scheduler) {
    if (!m_active) return;
    std::lock_guard lock(scheduler.m_mutex);
    --scheduler.m_active;
    if (t_place->laneHeld) scheduler.release(t_place->lane);
    t_place->laneHeld = false;
    scheduler.growIfNeeded();
    scheduler.m_wake.notify_all();
}

Scheduler::Waiting::~Waiting() {
    if (!m_active) return;
    std::unique_lock lock(m_scheduler.m_mutex);
    ++m_scheduler.m_active;
    if (t_place->lane == Lane::Free) return;
    bool& busy = m_scheduler.m_laneBusy[static_cast<std::size_t>(t_place->lane)];
    while (busy && !m_cancel.requested())
        m_scheduler.m_laneFree.wait_for(lock, std::chrono::milliseconds(10));
    if (busy) return; // cancelled: the caller throws
    busy = true;
    t_place->laneHeld = true;
}

} // namespace ochre::graph
