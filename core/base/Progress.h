// SPDX-License-Identifier: GPL-3.0-or-later
// How far a piece of work is: a share of 0…1 and a word about the present step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace ochre {

/// Cheap to copy; a default-made Progress goes nowhere. report() may be called from any thread.
class Progress {
public:
    using Sink = std::function<void(double share, std::string_view step)>;

    Progress() = default;
    explicit Progress(Sink sink) : m_sink(std::move(sink)) {}

    void report(std::uint64_t done, std::uint64_t total, std::string_view step = {}) const {
        if (m_sink) m_sink(m_from + (m_to - m_from) * share(done, total), step);
    }

    /// A Progress whose 0…1 fills [from, to] of this one.
    Progress part(double from, double to) const {
        Progress p = *this;
        p.m_from = m_from + (m_to - m_from) * from;
        p.m_to = m_from + (m_to - m_from) * to;
        return p;
    }

private:
    static double share(std::uint64_t done, std::uint64_t total) {
        return total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    }

    Sink m_sink;
    double m_from = 0;
    double m_to = 1;
};

} // namespace ochre
