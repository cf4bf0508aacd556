// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs that wait, the one that runs, and those that ended. One thread of its own runs them in order.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/session/Session.h"

namespace ochre::session {

class JobQueue {
public:
    struct Work {
        graph::Graph graph;
        std::vector<graph::NodeId> targets;
        Cancel cancel;
        std::string graphText;
        Pause pause = {};
        std::map<std::string, std::string> pictureTexts = {};
        std::function<BatchReport(const Work&, const graph::Listener&)> batch = {}; ///< in place of a run of the graph
    };
    using Run = std::function<graph::Result(const Work&, const graph::Listener&)>;

    /// `changed` is called, on any thread, whenever a job's numbers move.
    JobQueue(Run run, std::function<void(const Job&)> changed);
    ~JobQueue();

    JobId add(std::string title, Work work, bool first, bool passing = false);
    void cancel(JobId id);
    void cancelAll();
    void pause(JobId id); ///< running or waiting; else nothing happens
    void resume(JobId id);
    void move(JobId id, int places); ///< of a waiting one; negative: sooner
    std::vector<Job> list() const; ///< running, waiting in the order to run, ended with the latest first
    bool idle() const;
    void waitUntilIdle();
    void stop(); ///< cancels everything and joins; add() is an error afterwards

private:
    struct Entry {
        Job job;
        Work work;
        bool ended = false; ///< running, but its result is there: too late to pause
    };
    static constexpr std::size_t kKept = 100;

    void setPaused(JobId id, bool paused);
    std::list<Entry>::iterator nextToRun(); ///< with the lock held
    void loop();
    void perform(Entry& entry);
    void performBatch(Entry& entry, const graph::Listener& listener);
    void update(Entry& entry, const std::function<void(Job&)>& change);
    void finish(Entry& entry, const std::function<void(Job&)>& change);
    void trim();

    Run m_run;
    std::function<void(const Job&)> m_changed;
    std::recursive_mutex m_telling; ///< taken first: changes are told in the order in which they happen
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::condition_variable m_idle;
    std::list<Entry> m_waiting; ///< in the order to run
    std::list<Entry> m_running; ///< none or one
    std::list<Job> m_ended;     ///< newest first
    JobId m_nextId = 1;
    bool m_stopping = false;
    std::thread m_thread;
};

} // namespace ochre::session
