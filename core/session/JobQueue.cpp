// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/JobQueue.h"

#include <algorithm>

#include "core/base/Log.h"

namespace ochre::session {

JobQueue::JobQueue(Run run, std::function<void(const Job&)> changed)
    : m_run(std::move(run)), m_changed(std::move(changed)), m_thread([this] { loop(); }) {}

JobQueue::~JobQueue() {
    stop();
}

void JobQueue::stop() {
    {
        std::lock_guard lock(m_mutex);
        m_stopping = true;
        m_waiting.clear();
        for (Entry& entry : m_running) entry.work.cancel.request();
    }
    m_wake.notify_all();
    if (m_thread.joinable()) m_thread.join();
}

JobId JobQueue::add(std::string title, Work work, bool first) {
    Job job;
    job.title = std::move(title);
    {
        std::lock_guard lock(m_mutex);
        job.id = m_nextId++;
        m_waiting.insert(first ? m_waiting.begin() : m_waiting.end(), Entry{job, std::move(work)});
    }
    m_wake.notify_all();
    m_changed(job);
    return job.id;
}

void JobQueue::cancel(JobId id) {
    Job cancelled;
    {
        std::lock_guard lock(m_mutex);
        for (Entry& entry : m_running)
            if (entry.job.id == id) entry.work.cancel.request();
        const auto it = std::find_if(m_waiting.begin(), m_waiting.end(), [&](const Entry& e) { return e.job.id == id; });
        if (it == m_waiting.end()) return;
        cancelled = it->job;
        cancelled.status = JobStatus::Cancelled;
        m_waiting.erase(it);
        m_ended.push_front(cancelled);
        trim();
    }
    m_idle.notify_all();
    m_changed(cancelled);
}

void JobQueue::cancelAll() {
    std::vector<JobId> ids;
    {
        std::lock_guard lock(m_mutex);
        for (const Entry& entry : m_waiting) ids.push_back(entry.job.id);
        for (const Entry& entry : m_running) ids.push_back(entry.job.id);
    }
    for (const JobId id : ids) cancel(id);
}

std::vector<Job> JobQueue::list() const {
    std::lock_guard lock(m_mutex);
    std::vector<Job> all(m_ended.begin(), m_ended.end());
    for (const Entry& entry : m_running) all.push_back(entry.job);
    for (const Entry& entry : m_waiting) all.push_back(entry.job);
    std::sort(all.begin(), all.end(), [](const Job& a, const Job& b) { return a.id > b.id; });
    return all;
}

bool JobQueue::idle() const {
    std::lock_guard lock(m_mutex);
    return m_waiting.empty() && m_running.empty();
}

void JobQueue::waitUntilIdle() {
    std::unique_lock lock(m_mutex);
    m_idle.wait(lock, [this] { return m_waiting.empty() && m_running.empty(); });
}

void JobQueue::loop() {
    for (;;) {
        Entry* entry = nullptr;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stopping || !m_waiting.empty(); });
            if (m_stopping) return;
            m_running.splice(m_running.begin(), m_waiting, m_waiting.begin());
            entry = &m_running.front();
        }
        perform(*entry);
        {
            std::lock_guard lock(m_mutex);
            m_ended.push_front(entry->job);
            m_running.clear();
            trim();
        }
        m_idle.notify_all();
    }
}

void JobQueue::perform(Entry& entry) {
    update(entry, [](Job& job) { job.status = JobStatus::Running; });
    graph::Listener listener;
    listener.onTotal = [&](double share, double secondsLeft) {
        update(entry, [&](Job& job) {
            job.share = share;
            job.secondsLeft = secondsLeft;
        });
    };
    try {
        const graph::Result result = m_run(entry.work, listener);
        update(entry, [&](Job& job) {
            job.status = result.cancelled ? JobStatus::Cancelled : result.ok ? JobStatus::Done : JobStatus::Failed;
            job.seconds = result.seconds;
            job.secondsLeft = 0;
            job.ran = result.ran;
            job.cached = result.cached;
            if (result.ok) job.share = 1;
            for (const auto& [node, state] : result.states)
                if (state.status == graph::NodeStatus::Failed && state.error && job.error.empty())
                    job.error = state.error->message();
        });
    } catch (...) {
        const Error e = currentError();
        log::error("{}: {}", entry.job.title, e.full());
        update(entry, [&](Job& job) {
            job.status = e.cancelled() ? JobStatus::Cancelled : JobStatus::Failed;
            job.error = e.message();
        });
    }
}

void JobQueue::update(Entry& entry, const std::function<void(Job&)>& change) {
    Job copy;
    {
        std::lock_guard lock(m_mutex);
        change(entry.job);
        copy = entry.job;
    }
    m_changed(copy);
}

void JobQueue::trim() {
    while (m_ended.size() > kKept) m_ended.pop_back();
}

} // namespace ochre::session
