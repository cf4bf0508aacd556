// SPDX-License-Identifier: GPL-3.0-or-later
// A shared switch that holds work up between two steps, and a clock that stands still meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "core/base/Cancel.h"

namespace ochre {

/// Copies share one switch; thread-safe. A default-made one can never be paused and costs nothing to ask.
class Pause {
public:
    Pause() = default;
    static Pause make() {
        Pause p;
        p.m_state = std::make_shared<State>();
        return p;
    }

    void set(bool paused) const {
        if (!m_state) return;
        {
            std::lock_guard lock(m_state->mutex);
            if (!paused && m_state->held) {
                m_state->seconds += secondsSince(m_state->since);
                m_state->held = false;
            }
            m_state->paused = paused;
        }
        m_state->resumed.notify_all();
    }
    bool requested() const { return m_state && m_state->paused; }

    /// Blocks, without using the processor, until it is switched off or the work is cancelled. Hold no lock.
    /// True when it waited.
    bool wait(const Cancel& cancel) const {
        if (!requested()) return false;
        std::unique_lock lock(m_state->mutex);
        if (!m_state->paused || cancel.requested()) return false;
        if (!m_state->held) { // the first to arrive stops the clock: until then a step was still at work
            m_state->held = true;
            m_state->since = Clock::now();
        }
        while (m_state->paused && !cancel.requested())
            m_state->resumed.wait_for(lock, std::chrono::milliseconds(10));
        return true;
    }

    /// How long work was held up so far, in all.
    double seconds() const {
        if (!m_state) return 0;
        std::lock_guard lock(m_state->mutex);
        return m_state->seconds + (m_state->held ? secondsSince(m_state->since) : 0);
    }

private:
    using Clock = std::chrono::steady_clock;
    struct State {
        std::mutex mutex;
        std::condition_variable resumed;
        std::atomic<bool> paused{false};
        bool held = false; ///< someone waits, and has since `since`
        Clock::time_point since;
        double seconds = 0;
    };

    static double secondsSince(Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    }

    std::shared_ptr<State> m_state;
};

/// Seconds of work since it was made: what was spent paused is left out.
class WorkClock {
public:
    explicit WorkClock(Pause pause = {})
        : m_pause(std::move(pause)), m_start(std::chrono::steady_clock::now()), m_before(m_pause.seconds()) {}

    double seconds() const {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - m_start;
        return passed.count() - (m_pause.seconds() - m_before);
    }

private:
    Pause m_pause;
    std::chrono::steady_clock::time_point m_start;
    double m_before;
};

} // namespace ochre
