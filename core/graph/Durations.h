// SPDX-License-Identifier: GPL-3.0-or-later
// How long nodes of a kind took before, for progress and time left. Private to core/graph.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace ochre::graph {

/// Thread-safe. Remembers a running mean by declaration and by the size of the inputs (powers of four).
class Durations {
public:
    /// `steps`: it reported how far it was meanwhile.
    void add(const std::string& type, std::size_t inputBytes, double seconds, bool steps = false) {
        std::lock_guard lock(m_mutex);
        Kind& kind = m_kinds[type];
        kind.steps = kind.steps || steps;
        blend(kind.mean, seconds);
        blend(kind.bySize[bucket(inputBytes)], seconds);
    }

    /// Seconds; with `inputBytes` 0 (not known yet) the mean over all sizes.
    std::optional<double> estimate(const std::string& type, std::size_t inputBytes = 0) const {
        std::lock_guard lock(m_mutex);
        const auto it = m_kinds.find(type);
        if (it == m_kinds.end()) return std::nullopt;
        const auto size = it->second.bySize.find(bucket(inputBytes));
        return inputBytes > 0 && size != it->second.bySize.end() ? size->second : it->second.mean;
    }

    /// Nodes of this kind have reported steps before: their own rate will soon say more than the past.
    bool steps(const std::string& type) const {
        std::lock_guard lock(m_mutex);
        const auto it = m_kinds.find(type);
        return it != m_kinds.end() && it->second.steps;
    }

private:
    struct Kind {
        bool steps = false;
        std::optional<double> mean;
        std::map<int, std::optional<double>> bySize;
    };
    static int bucket(std::size_t bytes) {
        return static_cast<int>(std::log2(static_cast<double>(std::max<std::size_t>(1, bytes))) / 2);
    }
    static void blend(std::optional<double>& mean, double seconds) {
        mean = mean ? *mean * 0.6 + seconds * 0.4 : seconds;
    }

    mutable std::mutex m_mutex;
    std::map<std::string, Kind> m_kinds;
};

} // namespace ochre::graph
