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

JobId JobQueue::add(std::string title, Work work, bool first, bool passing) {
    std::lock_guard telling(m_telling);
    Job job;
    job.title = std::move(title);
    job.passing = passing;
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
    std::lock_guard telling(m_telling);
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

void JobQueue::pause(JobId id) {
    setPaused(id, true);
}

void JobQueue::resume(JobId id) {
    setPaused(id, false);
}

void JobQueue::setPaused(JobId id, bool paused) {
    std::lock_guard telling(m_telling);
    Job changed;
    {
        std::lock_guard lock(m_mutex);
        const auto named = [id](const Entry& entry) { return entry.job.id == id; };
        auto it = std::find_if(m_running.begin(), m_running.end(), named);
        if (it == m_running.end()) {
            it = std::find_if(m_waiting.begin(), m_waiting.end(), named);
            if (it == m_waiting.end()) return;
        } else if (it->ended) {
            return;
        }
        const JobStatus going = it->job.started ? JobStatus::Running : JobStatus::Waiting;
        it->job.status = paused ? JobStatus::Paused : going;
        it->work.pause.set(paused && it->job.started);
        changed = it->job;
    }
    m_wake.notify_all();
    m_changed(changed);
}

void JobQueue::move(JobId id, int places) {
    std::lock_guard telling(m_telling);
    Job moved;
    {
        std::lock_guard lock(m_mutex);
        const auto from = std::find_if(m_waiting.begin(), m_waiting.end(),
                                       [id](const Entry& entry) { return entry.job.id == id; });
        if (from == m_waiting.end()) return;
        auto to = from;
        for (; places < 0 && to != m_waiting.begin(); ++places) --to;
        if (places > 0) ++to; // splice puts it before
        for (; places > 0 && to != m_waiting.end(); --places) ++to;
        m_waiting.splice(to, m_waiting, from);
        moved = from->job;
    }
    m_changed(moved);
}

std::vector<Job> JobQueue::list() const {
    std::lock_guard lock(m_mutex);
    std::vector<Job> all;
    for (const Entry& entry : m_running) all.push_back(entry.job);
    for (const Entry& entry : m_waiting) all.push_back(entry.job);
    all.insert(all.end(), m_ended.begin(), m_ended.end());
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

std::list<JobQueue::Entry>::iterator JobQueue::nextToRun() {
    return std::find_if(m_waiting.begin(), m_waiting.end(),
                        [](const Entry& entry) { return entry.job.status == JobStatus::Waiting; });
}

void JobQueue::loop() {
    for (;;) {
        Entry* entry = nullptr;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stopping || nextToRun() != m_waiting.end(); });
            if (m_stopping) return;
            m_running.splice(m_running.begin(), m_waiting, nextToRun());
            entry = &m_running.front();
            entry->job.started = true;
            entry->job.status = JobStatus::Running;
        }
        perform(*entry);
        {
            std::lock_guard lock(m_mutex);
            if (!entry->job.passing || entry->job.status != JobStatus::Done) m_ended.push_front(entry->job);
            m_running.clear();
            trim();
        }
        m_idle.notify_all();
    }
}

void JobQueue::perform(Entry& entry) {
    update(entry, [](Job&) {}); // it may have been paused already
    graph::Listener listener;
    listener.onTotal = [&](double share, double secondsLeft) {
        update(entry, [&](Job& job) {
            job.share = share;
            job.secondsLeft = secondsLeft;
        });
    };
    try {
        if (entry.work.batch) return performBatch(entry, listener);
        const graph::Result result = m_run(entry.work, listener);
        finish(entry, [&](Job& job) {
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
        finish(entry, [&](Job& job) {
            job.status = e.cancelled() ? JobStatus::Cancelled : JobStatus::Failed;
            job.error = e.message();
        });
    }
}

void JobQueue::performBatch(Entry& entry, const graph::Listener& listener) {
    const BatchReport report = entry.work.batch(entry.work, listener);
    finish(entry, [&](Job& job) {
        job.status = report.cancelled ? JobStatus::Cancelled : report.ok() ? JobStatus::Done : JobStatus::Failed;
        job.seconds = report.seconds;
        job.secondsLeft = 0;
        job.ran = report.made;
        job.cached = report.kept;
        job.note = report.summary();
        if (report.ok()) job.share = 1;
        for (const BatchFailure& failure : report.failures)
            if (job.error.empty()) job.error = report.summary() + "; " + failure.item + ": " + failure.error.message();
    });
}

void JobQueue::update(Entry& entry, const std::function<void(Job&)>& change) {
    std::lock_guard telling(m_telling);
    Job copy;
    {
        std::lock_guard lock(m_mutex);
        change(entry.job);
        copy = entry.job;
    }
    m_changed(copy);
}

void JobQueue::finish(Entry& entry, const std::function<void(Job&)>& change) {
    update(entry, [&](Job& job) {
        entry.ended = true;
        change(job);
    });
}

void JobQueue::trim() {
    while (m_ended.size() > kKept) m_ended.pop_back();
}

} // namespace ochre::session
