// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Cache.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/graph/DiskCache.h"

namespace ochre::graph {
namespace {

constexpr std::size_t kOverhead = 256; // of an entry itself, so that many tiny ones count too

std::size_t bytesOf(const Outputs& outputs) {
    std::size_t bytes = kOverhead;
    for (const auto& [id, value] : outputs) bytes += value.bytes();
    return bytes;
}

} // namespace

struct Cache::State {
    struct Entry {
        Outputs outputs;
        std::size_t bytes = 0;
        double seconds = 0;
        std::uint64_t used = 0;
    };

    explicit State(CacheOptions o) : options(std::move(o)), budget(options.memoryBytes) {
        if (!options.folder.empty()) disk = std::make_unique<DiskCache>(options.folder, options.diskBytes);
    }

    CacheOptions options;
    std::size_t budget;
    mutable std::mutex mutex;
    std::unordered_map<Hash128, Entry> entries;
    std::unordered_set<Hash128> pinned;
    std::size_t bytes = 0;
    std::uint64_t clock = 0;
    CacheStats counts;
    std::unique_ptr<DiskCache> disk;

    // With the lock held. What is evicted is handed out, so that large payloads are freed without the lock.
    void insert(const Hash128& key, Outputs outputs, double seconds, std::vector<Entry>& out) {
        Entry entry{std::move(outputs), 0, seconds, ++clock};
        entry.bytes = bytesOf(entry.outputs);
        if (entry.bytes > budget) return;
        Entry& place = entries[key];
        bytes -= place.bytes;
        bytes += entry.bytes;
        out.push_back(std::exchange(place, std::move(entry)));
        if (bytes > budget) shrink(key, out);
    }

    // Down to nine tenths at once: the order is made once for many that go.
    void shrink(const Hash128& keep, std::vector<Entry>& out) {
        std::vector<std::pair<double, Hash128>> order;
        for (const auto& [key, entry] : entries) {
            if (key == keep || pinned.count(key)) continue;
            const double age = static_cast<double>(clock - entry.used + 1);
            order.emplace_back(-age * static_cast<double>(entry.bytes) / std::max(entry.seconds, 1e-4), key);
        }
        std::sort(order.begin(), order.end());
        for (const auto& [score, key] : order) {
            if (bytes <= budget / 10 * 9) break;
            const auto it = entries.find(key);
            bytes -= it->second.bytes;
            out.push_back(std::move(it->second));
            entries.erase(it);
            ++counts.evictions;
        }
    }
};

Cache::Cache(CacheOptions options) : m_state(std::make_unique<State>(std::move(options))) {}
Cache::~Cache() = default;

std::optional<Outputs> Cache::getMemory(const Hash128& key) {
    std::lock_guard lock(m_state->mutex);
    const auto it = m_state->entries.find(key);
    if (it == m_state->entries.end()) return std::nullopt;
    it->second.used = ++m_state->clock;
    ++m_state->counts.hits;
    return it->second.outputs;
}

std::optional<Outputs> Cache::get(const Hash128& key) {
    if (auto outputs = getMemory(key)) return outputs;
    if (!m_state->disk) return std::nullopt;
    auto outputs = m_state->disk->get(key);
    std::vector<State::Entry> evicted;
    std::lock_guard lock(m_state->mutex);
    if (!outputs) return std::nullopt;
    ++m_state->counts.diskHits;
    m_state->insert(key, *outputs, m_state->options.diskWorth, evicted);
    return outputs;
}

bool Cache::onDisk(const Hash128& key) const {
    return m_state->disk && m_state->disk->has(key);
}

bool Cache::has(const Hash128& key) const {
    {
        std::lock_guard lock(m_state->mutex);
        if (m_state->entries.count(key)) return true;
    }
    return onDisk(key);
}

void Cache::put(const Hash128& key, Outputs outputs, double seconds) {
    if (m_state->disk && seconds >= m_state->options.diskWorth) m_state->disk->put(key, outputs);
    std::vector<State::Entry> evicted;
    std::lock_guard lock(m_state->mutex);
    ++m_state->counts.misses; // what is put had to be made
    m_state->insert(key, std::move(outputs), seconds, evicted);
}

void Cache::pin(const Hash128& key, bool pinned) {
    std::lock_guard lock(m_state->mutex);
    if (pinned)
        m_state->pinned.insert(key);
    else
        m_state->pinned.erase(key);
}

void Cache::setMemoryBudget(std::size_t bytes) {
    std::vector<State::Entry> evicted;
    std::lock_guard lock(m_state->mutex);
    m_state->budget = bytes;
    if (m_state->bytes > bytes) m_state->shrink(Hash128{}, evicted);
}

void Cache::clear() {
    clearMemory();
    if (m_state->disk) m_state->disk->clear();
}

void Cache::clearMemory() {
    std::unordered_map<Hash128, State::Entry> gone;
    std::lock_guard lock(m_state->mutex);
    gone.swap(m_state->entries);
    m_state->bytes = 0;
}

void Cache::waitForDisk() {
    if (m_state->disk) m_state->disk->wait();
}

CacheStats Cache::stats() const {
    std::lock_guard lock(m_state->mutex);
    CacheStats stats = m_state->counts;
    stats.entries = m_state->entries.size();
    stats.memoryBytes = m_state->bytes;
    if (m_state->disk) {
        stats.diskEntries = m_state->disk->entries();
        stats.diskBytes = m_state->disk->bytes();
    }
    return stats;
}

} // namespace ochre::graph
