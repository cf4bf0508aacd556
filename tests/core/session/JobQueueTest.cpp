// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/JobQueue.h"

#include <atomic>
#include <chrono>

#include <gtest/gtest.h>

#include "tests/support/Support.h"

namespace ochre::session {
namespace {

using namespace std::chrono_literals;

graph::Result waitForCancel(const JobQueue::Work& work) {
    graph::Result result;
    while (!work.cancel.requested()) std::this_thread::sleep_for(1ms);
    result.cancelled = true;
    return result;
}

JobQueue::Work work() {
    JobQueue::Work w;
    w.cancel = Cancel::make();
    w.pause = Pause::make();
    return w;
}

JobStatus statusOf(const JobQueue& queue, JobId id) {
    for (const Job& job : queue.list())
        if (job.id == id) return job.status;
    return JobStatus::Waiting;
}

TEST(JobQueue, RunsInOrderAndTheFirstMayPushIn) {
    std::mutex mutex;
    std::vector<std::size_t> order;
    std::atomic<bool> go{false};
    JobQueue queue(
        [&](const JobQueue::Work& w, const graph::Listener&) {
            while (!go) std::this_thread::sleep_for(1ms);
            std::lock_guard lock(mutex);
            order.push_back(w.targets.size());
            return graph::Result{};
        },
        [](const Job&) {});
    const auto add = [&](std::size_t n, bool first) {
        JobQueue::Work w = work();
        w.targets.resize(n);
        queue.add("job", w, first);
    };
    add(1, false);
    std::this_thread::sleep_for(20ms); // the first is running now
    add(2, false);
    add(3, false);
    add(4, true);
    go = true;
    queue.waitUntilIdle();
    EXPECT_EQ(order, (std::vector<std::size_t>{1, 4, 2, 3}));
}

TEST(JobQueue, APassingJobIsListedUntilItIsDone) {
    std::atomic<bool> go{false};
    JobQueue queue(
        [&](const JobQueue::Work& w, const graph::Listener&) {
            while (!go) std::this_thread::sleep_for(1ms);
            graph::Result result;
            result.ok = w.targets.empty();
            return result;
        },
        [](const Job&) {});
    JobQueue::Work failing = work();
    failing.targets.resize(1);
    queue.add("fails", failing, true, true);
    queue.add("passes", work(), true, true);
    queue.add("stays", work(), false);
    EXPECT_EQ(queue.list().size(), 3u);
    go = true;
    queue.waitUntilIdle();
    const std::vector<Job> left = queue.list();
    ASSERT_EQ(left.size(), 2u) << "what has failed is still told";
    EXPECT_EQ(left[0].title, "stays");
    EXPECT_EQ(left[1].title, "fails");
}

TEST(JobQueue, CancelStopsTheRunningAndDropsTheWaiting) {
    JobQueue queue([](const JobQueue::Work& w, const graph::Listener&) { return waitForCancel(w); }, [](const Job&) {});
    const JobId running = queue.add("a", work(), false), waiting = queue.add("b", work(), false);
    std::this_thread::sleep_for(20ms);
    queue.cancel(waiting);
    EXPECT_EQ(statusOf(queue, waiting), JobStatus::Cancelled);
    EXPECT_FALSE(queue.idle());
    const auto start = std::chrono::steady_clock::now();
    queue.cancel(running);
    queue.waitUntilIdle();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 100ms);
    EXPECT_EQ(statusOf(queue, running), JobStatus::Cancelled);
}

TEST(JobQueue, APausedJobWaitsAndThoseBehindItPassWhenItHasNotStarted) {
    std::mutex mutex;
    std::vector<std::size_t> order;
    JobQueue queue(
        [&](const JobQueue::Work& w, const graph::Listener&) {
            for (int i = 0; i < 20; ++i) {
                w.pause.wait(w.cancel);
                std::this_thread::sleep_for(2ms);
            }
            std::lock_guard lock(mutex);
            order.push_back(w.targets.size());
            return graph::Result{};
        },
        [](const Job&) {});
    const auto add = [&](std::size_t n) {
        JobQueue::Work w = work();
        w.targets.resize(n);
        return queue.add("job", w, false);
    };
    const JobId first = add(1);
    std::this_thread::sleep_for(10ms);
    const JobId second = add(2), third = add(3);
    queue.pause(first);
    queue.pause(second);
    EXPECT_EQ(statusOf(queue, first), JobStatus::Paused);
    EXPECT_EQ(statusOf(queue, second), JobStatus::Paused);
    std::this_thread::sleep_for(120ms);
    EXPECT_TRUE(queue.list().front().started);
    EXPECT_EQ(statusOf(queue, third), JobStatus::Waiting) << "the started one holds its place";
    queue.resume(first);
    EXPECT_EQ(statusOf(queue, first), JobStatus::Running);
    for (int i = 0; i < 200 && statusOf(queue, third) != JobStatus::Done; ++i) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(statusOf(queue, third), JobStatus::Done);
    EXPECT_EQ(statusOf(queue, second), JobStatus::Paused) << "it was passed over";
    EXPECT_FALSE(queue.idle());
    queue.resume(second);
    queue.waitUntilIdle();
    EXPECT_EQ(order, (std::vector<std::size_t>{1, 3, 2}));
    queue.pause(second);
    EXPECT_EQ(statusOf(queue, second), JobStatus::Done) << "what has ended stays ended";
}

TEST(JobQueue, WaitingJobsMoveAndTheListShowsTheOrder) {
    std::atomic<bool> go{false};
    JobQueue queue(
        [&](const JobQueue::Work&, const graph::Listener&) {
            while (!go) std::this_thread::sleep_for(1ms);
            return graph::Result{};
        },
        [](const Job&) {});
    const JobId running = queue.add("r", work(), false);
    std::this_thread::sleep_for(20ms);
    const JobId a = queue.add("a", work(), false), b = queue.add("b", work(), false), c = queue.add("c", work(), false);
    const auto ids = [&] {
        std::vector<JobId> all;
        for (const Job& job : queue.list()) all.push_back(job.id);
        return all;
    };
    EXPECT_EQ(ids(), (std::vector<JobId>{running, a, b, c}));
    queue.move(c, -1);
    EXPECT_EQ(ids(), (std::vector<JobId>{running, a, c, b}));
    queue.move(a, 1);
    EXPECT_EQ(ids(), (std::vector<JobId>{running, c, a, b}));
    queue.move(b, -100);
    EXPECT_EQ(ids(), (std::vector<JobId>{running, b, c, a}));
    queue.move(b, 100);
    EXPECT_EQ(ids(), (std::vector<JobId>{running, c, a, b}));
    queue.move(running, -1);
    queue.move(c, -1);
    EXPECT_EQ(ids(), (std::vector<JobId>{running, c, a, b}));
    go = true;
    queue.waitUntilIdle();
    EXPECT_EQ(ids(), (std::vector<JobId>{b, a, c, running})) << "of the ended the latest comes first";
}

TEST(JobQueue, APausedJobIsCancelledAtOnce) {
    JobQueue queue(
        [](const JobQueue::Work& w, const graph::Listener&) {
            graph::Result result;
            while (!w.cancel.requested()) {
                w.pause.wait(w.cancel);
                std::this_thread::sleep_for(1ms);
            }
            result.cancelled = true;
            return result;
        },
        [](const Job&) {});
    const JobId running = queue.add("a", work(), false), waiting = queue.add("b", work(), false);
    std::this_thread::sleep_for(20ms);
    queue.pause(running);
    queue.pause(waiting);
    const auto start = std::chrono::steady_clock::now();
    queue.cancelAll();
    queue.waitUntilIdle();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 200ms);
    EXPECT_EQ(statusOf(queue, running), JobStatus::Cancelled);
    EXPECT_EQ(statusOf(queue, waiting), JobStatus::Cancelled);
}

TEST(JobQueue, FailuresAndProgressReachTheList) {
    std::atomic<int> changes{0};
    JobQueue queue(
        [](const JobQueue::Work&, const graph::Listener& listener) {
            listener.onTotal(0.5, 3);
            graph::Result result;
            result.ok = false;
            result.states[4].status = graph::NodeStatus::Failed;
            result.states[4].error = Error("resize: too small");
            return result;
        },
        [&](const Job& job) {
            if (job.share == 0.5) ++changes;
        });
    const JobId id = queue.add("a", work(), false);
    queue.waitUntilIdle();
    EXPECT_EQ(statusOf(queue, id), JobStatus::Failed);
    EXPECT_EQ(queue.list().front().error, "resize: too small");
    EXPECT_GE(changes, 1);
}

TEST(JobQueue, AnExceptionIsAFailureNotTheEnd) {
    JobQueue queue([](const JobQueue::Work&, const graph::Listener&) -> graph::Result { throw Error("no"); },
                   [](const Job&) {});
    const JobId a = queue.add("a", work(), false), b = queue.add("b", work(), false);
    queue.waitUntilIdle();
    EXPECT_EQ(statusOf(queue, a), JobStatus::Failed);
    EXPECT_EQ(statusOf(queue, b), JobStatus::Failed);
}

} // namespace
} // namespace ochre::session
