// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/RunReport.h"

#include <algorithm>

namespace ochre::graph {

void RunReport::update(const FlatShape& shape, FlatId flat, const std::function<void(NodeState&)>& change,
                       bool quiet) {
    const NodeId id = shape.shownAs;
    if (shape.inGroup)
        aggregate(id, flat, shape, change);
    else
        change(m_states[id]);
    if (m_listener.onState && !quiet)
        queue([this, id, state = m_states[id]] { m_listener.onState(id, state); });
}

void RunReport::aggregate(NodeId id, FlatId flat, const FlatShape& shape,
                          const std::function<void(NodeState&)>& change) {
    Group& group = m_groups[id];
    NodeState& whole = m_states[id];
    NodeState& part = group.parts[flat];
    const NodeStatus before = part.status;
    const double secondsBefore = part.seconds;
    change(part);
    if (before != NodeStatus::Idle) --group.counts[before];
    ++group.counts[part.status];
    const auto count = [&](NodeStatus s) { return group.counts.count(s) ? group.counts.at(s) : 0; };
    const std::size_t open = count(NodeStatus::Queued) + count(NodeStatus::Running);
    const std::size_t all = group.parts.size();
    if (count(NodeStatus::Failed))
        whole.status = NodeStatus::Failed;
    else if (count(NodeStatus::Cancelled))
        whole.status = NodeStatus::Cancelled;
    else if (count(NodeStatus::Blocked))
        whole.status = NodeStatus::Blocked;
    else if (open)
        whole.status = count(NodeStatus::Queued) == all ? NodeStatus::Queued : NodeStatus::Running;
    else
        whole.status = count(NodeStatus::Cached) == all ? NodeStatus::Cached : NodeStatus::Done;
    whole.share = (static_cast<double>(all - open) + (part.status == NodeStatus::Running ? part.share : 0)) /
                  static_cast<double>(all);
    if (part.status == NodeStatus::Running) {
        const std::string& name = shape.node->label.empty() ? shape.node->name : shape.node->label;
        whole.step = part.step.empty() ? name : name + ": " + part.step;
    }
    whole.seconds += part.seconds - secondsBefore;
    whole.bytes = part.bytes;
    whole.key = part.key;
    if (part.error && !whole.error) {
        whole.error = part.error;
        whole.blockedBy = part.blockedBy;
    }
    whole.itemsDone = part.itemsDone;
    whole.itemsFailed = part.itemsFailed;
    whole.itemsTotal = part.itemsTotal;
}

void RunReport::result(const FlatShape& shape, const std::string& output, const Value& value) {
    if (!m_listener.onResult || shape.inGroup) return;
    queue([this, id = shape.shownAs, output, value] { m_listener.onResult(id, output, value); });
}

void RunReport::preview(const FlatShape& shape, const std::string& output, const Value& value) {
    if (!m_listener.onPreview) return;
    queue([this, id = shape.shownAs, output, value] { m_listener.onPreview(id, output, value); });
}

void RunReport::cancelOpen() {
    for (auto& [id, state] : m_states) {
        if (state.status != NodeStatus::Queued && state.status != NodeStatus::Running) continue;
        state.status = NodeStatus::Cancelled;
        if (m_listener.onState) queue([this, id = id, state = state] { m_listener.onState(id, state); });
    }
}

void RunReport::addWork(double seconds, bool guessed) {
    m_work += seconds;
    if (guessed) m_guessed += seconds;
}

void RunReport::addDone(double seconds) {
    m_done += seconds;
}

void RunReport::reportTotal(bool atOnce, bool complete) {
    if (!m_listener.onTotal) return;
    const auto now = Clock::now();
    if (!atOnce && now - m_lastTotal < std::chrono::milliseconds(50)) return;
    m_lastTotal = now;
    if (complete) m_done = m_work = std::max(m_work, 1e-9);
    // Work is found as lists open, which would move the share back: it only ever grows.
    m_share = std::max(m_share, m_work > 0 ? std::clamp(m_done / m_work, 0.0, 1.0) : 0.0);
    const double left = secondsLeft(m_share);
    queue([this, share = m_share, left] { m_listener.onTotal(share, left); });
}

// Of nodes that report steps by their own rate; of others by earlier durations, corrected by how this run compares
// with them so far.
double RunReport::freshLeft(double share) const {
    double own = 0;
    for (const auto& [node, left] : m_own) {
        if (left < 0) return -1;
        own += left;
    }
    const bool known = m_guessed < 0.5 * m_work;
    if (m_work <= 0 || (!known && share < 0.05)) return -1;
    const double rest = std::max(0.0, m_work - m_done - own);
    const double pace = m_done > 0.02 * m_work ? m_clock.seconds() / m_done : 1;
    return own + rest * pace;
}

double RunReport::secondsLeft(double share) {
    const double fresh = freshLeft(share), now = m_clock.seconds();
    if (fresh < 0 || m_left < 0)
        m_left = fresh;
    else
        m_left = std::max(0.0, 0.75 * (m_left - (now - m_lastLeft)) + 0.25 * fresh);
    m_lastLeft = now;
    return m_left;
}

void RunReport::queue(std::function<void()> event) {
    std::lock_guard lock(m_queueMutex);
    if (!m_closed) m_queue.push_back(std::move(event));
}

void RunReport::flush() {
    std::unique_lock lock(m_queueMutex);
    if (m_delivering) return; // that thread will deliver ours too
    m_delivering = true;
    while (!m_queue.empty()) {
        const std::function<void()> event = std::move(m_queue.front());
        m_queue.pop_front();
        lock.unlock();
        event();
        lock.lock();
    }
    m_delivering = false;
    m_delivered.notify_all();
}

void RunReport::close() {
    std::unique_lock lock(m_queueMutex);
    m_closed = true;
    m_delivered.wait(lock, [&] { return !m_delivering; });
    m_queue.clear();
}

} // namespace ochre::graph
