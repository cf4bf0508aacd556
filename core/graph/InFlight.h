// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that are being computed right now, so that two branches (or two runs) that need the same result
// compute it once. Private to core/graph.
#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/graph/Cache.h"

namespace ochre::graph {

/// Thread-safe.
class InFlight {
public:
    /// Called with the result, or null when the owner failed or was cancelled: then the waiter runs it by
    /// itself.
    using Waiter = std::function<void(const Outputs*)>;

    /// True: the caller owns the key now and must call release(). False: `waiter` will be called.
    bool claim(const Hash128& key, Waiter waiter) {
        std::lock_guard lock(m_mutex);
        const auto [it, mine] = m_waiters.try_emplace(key);
        if (!mine) it->second.push_back(std::move(waiter));
        return mine;
    }

    void release(const Hash128& key, const Outputs* result) {
        std::vector<Waiter> waiters;
        {
            std::lock_guard lock(m_mutex);
            const auto it = m_waiters.find(key);
            if (it == m_waiters.end()) return;
            waiters = std::move(it->second);
            m_waiters.erase(it);
        }
        for (const Waiter& waiter : waiters) waiter(result);
    }

private:
    std::mutex m_mutex;
    std::unordered_map<Hash128, std::vector<Waiter>> m_waiters;
};

} // namespace ochre::graph
