// SPDX-License-Identifier: GPL-3.0-or-later
// Results by Merkle key: a memory tier with a budget in bytes and, if a folder is given, a disk tier that
// survives restarts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/Hash.h"
#include "core/graph/Value.h"

namespace ochre::graph {

using Outputs = std::map<std::string, Value>;

struct CacheOptions {
    std::size_t memoryBytes = std::size_t{2} << 30;
    std::filesystem::path folder = {}; ///< empty: no disk tier
    std::uint64_t diskBytes = std::uint64_t{4} << 30;
    double diskWorth = 0.25; ///< seconds a result must have cost to go to disk
};

struct CacheStats {
    std::size_t entries = 0, memoryBytes = 0, hits = 0, misses = 0, evictions = 0;
    std::uint64_t diskEntries = 0, diskBytes = 0, diskHits = 0;
};

/// Thread-safe. What goes first when the budget is full: long unused, cheap to make again, large.
class Cache {
public:
    explicit Cache(CacheOptions options = {});
    ~Cache();

    std::optional<Outputs> get(const Hash128& key);
    std::optional<Outputs> getMemory(const Hash128& key); ///< never touches the disk
    bool onDisk(const Hash128& key) const;
    void waitForDisk();                 ///< until what put() handed to the disk tier is written
    bool has(const Hash128& key) const; ///< memory or disk, without loading or touching
    /// `seconds`: what the result cost. A result larger than the budget is not kept.
    void put(const Hash128& key, Outputs outputs, double seconds);
    void pin(const Hash128& key, bool pinned); ///< pinned entries are never evicted from memory
    void setMemoryBudget(std::size_t bytes);
    void clear(); ///< both tiers
    void clearMemory();
    CacheStats stats() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre::graph
