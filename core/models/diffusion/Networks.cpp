// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Networks.h"

#include <algorithm>

#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

/// Left over for what networks compute with.
constexpr std::uint64_t kWorkingMemory = std::uint64_t{1} << 30;
/// More of a kind is rarely of use: each change of an adapter's strength is a network of its own.
constexpr std::ptrdiff_t kMostOfAKind = 3;

} // namespace

Networks& Networks::shared() {
    static Networks* networks = new Networks; // never destroyed: LibTorch's memory may be gone by then
    return *networks;
}

std::uint64_t Networks::available() const {
    return m_memory ? m_memory() : tensor::availableMemory();
}

void Networks::drop(std::uint64_t bytes) {
    std::uint64_t free = available();
    const auto victim = [this] {
        auto best = m_entries.end();
        // From the least recently used on; of equals the first that is met.
        for (auto it = m_entries.rbegin(); it != m_entries.rend(); ++it)
            if (it->network.use_count() == 1 && (best == m_entries.end() || it->kind < best->kind))
                best = std::prev(it.base());
        return best;
    };
    while (free < bytes) {
        const auto it = victim();
        if (it == m_entries.end()) return;
        free += it->bytes;
        m_entries.erase(it);
    }
}

void Networks::makeRoom(std::uint64_t bytes) {
    std::lock_guard lock(m_mutex);
    drop(bytes);
}

void Networks::clear() {
    std::lock_guard lock(m_mutex);
    m_entries.clear();
}

std::size_t Networks::count() const {
    std::lock_guard lock(m_mutex);
    return m_entries.size();
}

bool Networks::has(NetworkKind kind, const std::string& identity) const {
    std::lock_guard lock(m_mutex);
    return std::any_of(m_entries.begin(), m_entries.end(),
                       [&](const Entry& e) { return e.kind == kind && e.identity == identity; });
}

void Networks::setMemory(std::function<std::uint64_t()> available) {
    std::lock_guard lock(m_mutex);
    m_memory = std::move(available);
}

std::shared_ptr<const void> Networks::find(NetworkKind kind, const std::string& identity, std::uint64_t bytes,
                                           const std::function<std::shared_ptr<const void>()>& build) {
    const auto known = [&]() -> std::shared_ptr<const void> {
        std::lock_guard lock(m_mutex);
        for (auto it = m_entries.begin(); it != m_entries.end(); ++it)
            if (it->kind == kind && it->identity == identity) {
                m_entries.splice(m_entries.begin(), m_entries, it);
                return it->network;
            }
        return nullptr;
    };
    if (auto network = known()) return network;
    std::lock_guard building(m_building);
    if (auto network = known()) return network;
    makeRoom(bytes + kWorkingMemory);
    auto network = build();
    std::lock_guard lock(m_mutex);
    m_entries.push_front({kind, identity, bytes, network});
    std::ptrdiff_t same = 0;
    std::erase_if(m_entries, [&](const Entry& e) { return e.kind == kind && ++same > kMostOfAKind; });
    return network;
}

std::uint64_t weightBytes(const tensor::Weights& weights) {
    const std::uint64_t each = weights.placement().floating == at::kFloat ? 4 : 2;
    std::uint64_t bytes = 0;
    for (const std::string& name : weights.names()) {
        std::uint64_t values = 1;
        for (const std::int64_t side : weights.shape(name)) values *= static_cast<std::uint64_t>(side);
        bytes += values * each;
    }
    return bytes;
}

} // namespace ochre::models
