// SPDX-License-Identifier: GPL-3.0-or-later
// A shared flag that stops work: every loop asks it at least ten times a second.
#pragma once

#include <atomic>
#include <memory>

#include "core/base/Error.h"

namespace ochre {

/// Copies share one flag. A default-made token can never be cancelled by others and costs nothing to check.
class Cancel {
public:
    Cancel() = default;
    static Cancel make() {
        Cancel c;
        c.m_flag = std::make_shared<std::atomic<bool>>(false);
        return c;
    }

    void request() const {
        if (m_flag) m_flag->store(true, std::memory_order_relaxed);
    }
    bool requested() const { return m_flag && m_flag->load(std::memory_order_relaxed); }

    /// Throws Error of kind Cancelled when stopped.
    void check() const {
        if (requested()) throw Error("stopped", {}, ErrorKind::Cancelled);
    }

private:
    std::shared_ptr<std::atomic<bool>> m_flag;
};

} // namespace ochre
