// SPDX-License-Identifier: GPL-3.0-or-later
// The disk tier of the cache: one checked, compressed file a key, written in the background. Private to
// core/graph.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "core/graph/Cache.h"

namespace ochre::graph {

/// Thread-safe. A file is: "OCHRCACH", version, counts and sizes, XXH3-128 of the packed bytes, then the
/// bytes (zstd). What does not check is removed with a line in the log, and computed again.
class DiskCache {
public:
    DiskCache(std::filesystem::path folder, std::uint64_t budget);
    ~DiskCache(); ///< writes what is queued

    bool has(const Hash128& key) const;
    std::optional<Outputs> get(const Hash128& key);
    void put(const Hash128& key, Outputs outputs); ///< left out where a type has no way to disk
    void wait();
    void clear();
    std::uint64_t entries() const;
    std::uint64_t bytes() const;

private:
    struct File {
        std::uint64_t bytes = 0;
        std::int64_t used = 0; ///< nanoseconds; the file's own time, so that it survives
    };
    struct Job {
        Hash128 key;
        Outputs outputs;
    };

    std::filesystem::path pathOf(const Hash128& key) const;
    void scan();
    void work();
    void write(const Job& job);
    void forget(const Hash128& key, bool remove);
    void shrink();

    const std::filesystem::path m_folder;
    const std::uint64_t m_budget;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake, m_idle;
    std::unordered_map<Hash128, File> m_files;
    std::uint64_t m_bytes = 0, m_queuedBytes = 0;
    std::deque<Job> m_queue;
    bool m_writing = false, m_stopping = false;
    std::thread m_thread;
};

} // namespace ochre::graph
