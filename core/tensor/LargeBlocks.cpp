// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/LargeBlocks.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ochre::tensor {
namespace {

constexpr std::size_t kLeast = std::size_t{512} << 10; // smaller ones stay with the heap
constexpr std::size_t kStep = 4096, kHuge = std::size_t{2} << 20;
constexpr std::size_t kReserved = 4; // times the machine's memory, of addresses, which cost nothing
constexpr std::size_t kGrowth = std::size_t{64} << 20; // of the part that may be written to
constexpr std::size_t kSpare = std::size_t{64} << 20;  // kept though it is free; or a share of what is in use
constexpr std::size_t kSpareShare = 4;

std::size_t roundUp(std::size_t size, std::size_t step) {
    return (size + step - 1) / step * step;
}

/// Whether somebody has limited the addresses of this process, of which a range would take away from all others.
bool isLimited() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

class LargeBlocks final : public c10::Allocator {
public:
    explicit LargeBlocks(c10::Allocator& small) : m_small(small) {
        const auto memory = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const std::size_t size = roundUp(kReserved * memory, kHuge) + kHuge;
        void* start = isLimited() ? MAP_FAILED : ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED) return;
        const auto address = reinterpret_cast<std::uintptr_t>(start);
        m_start = static_cast<std::byte*>(start) + (roundUp(address, kHuge) - address);
        m_reserved = size - kHuge;
    }

    c10::DataPtr allocate(std::size_t size) override {
        std::byte* at = size >= kLeast && m_start ? take(roundUp(size, kStep)) : nullptr;
        return at ? c10::DataPtr{at, at, &give, c10::Device(c10::DeviceType::CPU)} : m_small.allocate(size);
    }
    /// For those who keep the address alone, as oneDNN's tensors do.
    c10::DeleterFnPtr raw_deleter() const override { return &give; }
    void copy_data(void* to, const void* from, std::size_t size) const override { default_copy_data(to, from, size); }

    LargeBlockUse use() {
        const std::lock_guard lock(m_mutex);
        return {m_used, m_spare, m_end};
    }

    static LargeBlocks* s_blocks; ///< the one of this process, which stays

private:
    struct Free {
        std::size_t size;
        bool held; ///< the process holds its pages, or some of them
    };

    /// Nothing where there is no room, or the system has none.
    std::byte* take(std::size_t size) {
        const std::lock_guard lock(m_mutex);
        const auto place = std::ranges::find_if(m_free, [&](const auto& free) { return free.second.size >= size; });
        std::size_t at = m_end;
        if (place != m_free.end()) {
            const Free free = place->second;
            at = place->first;
            m_free.erase(place);
            if (free.size > size) m_free.emplace(at + size, Free{free.size - size, free.held});
            if (free.held) m_spare -= size;
        } else {
            if (m_reserved - m_end < size || !grow(m_end + size)) return nullptr;
            m_spare -= std::min(size, m_held - m_end);
            m_end += size;
            m_held = std::max(m_held, m_end);
        }
        m_taken.emplace(at, size);
        m_used += size;
        return m_start + at;
    }

    bool grow(std::size_t end) {
        if (end <= m_writable) return true;
        for (const std::size_t step : {kGrowth, kStep}) { // no more than is needed where the system has little left
            const std::size_t size = std::min(roundUp(end, step), m_reserved) - m_writable;
            if (::mprotect(m_start + m_writable, size, PROT_READ | PROT_WRITE) != 0) continue;
            ::madvise(m_start + m_writable, size, MADV_HUGEPAGE); // slower where it is refused, else the same
            m_writable += size;
            return true;
        }
        return false;
    }

    static void give(void* block) {
        LargeBlocks& blocks = *s_blocks;
        const auto offset = reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(blocks.m_start);
        if (blocks.m_start && offset < blocks.m_reserved)
            blocks.giveBack(offset);
        else if (block)
            blocks.m_small.raw_deallocate(block);
    }

    void giveBack(std::size_t offset) {
        const std::lock_guard lock(m_mutex);
        const auto taken = m_taken.find(offset);
        std::size_t at = taken->first, size = taken->second;
        m_taken.erase(taken);
        m_used -= size;
        m_spare += size;
        const auto join = [&](auto neighbour) {
            if (!neighbour->second.held) m_spare += neighbour->second.size; // some of it is not, but what is together stays so
            at = std::min(at, neighbour->first);
            size += neighbour->second.size;
            m_free.erase(neighbour);
        };
        if (const auto after = m_free.find(at + size); after != m_free.end()) join(after);
        if (auto before = m_free.lower_bound(at); before != m_free.begin() && (--before)->first + before->second.size == at) join(before);
        if (at + size == m_end)
            m_end = at;
        else
            m_free.emplace(at, Free{size, true});
        if (m_spare > std::max(kSpare, m_used / kSpareShare)) release();
    }

    /// All that is free goes back to the system, but for what shares a huge page with what is not.
    void release() {
        for (auto& [at, free] : m_free) {
            if (!free.held) continue;
            const std::size_t begin = roundUp(at, kHuge), end = (at + free.size) / kHuge * kHuge;
            if (end > begin) ::madvise(m_start + begin, end - begin, MADV_DONTNEED);
            free.held = false;
        }
        const std::size_t begin = roundUp(m_end, kHuge);
        if (m_held > begin) ::madvise(m_start + begin, m_held - begin, MADV_DONTNEED);
        m_held = m_end;
        m_spare = 0;
    }

    c10::Allocator& m_small;
    std::byte* m_start = nullptr;
    std::size_t m_reserved = 0;
    std::mutex m_mutex; // of all below, in bytes from m_start
    std::map<std::size_t, Free> m_free; ///< by address, none beside another; what lies behind m_end is not among them
    std::map<std::size_t, std::size_t> m_taken;
    std::size_t m_end = 0, m_writable = 0; ///< behind the last block; what may be written to
    std::size_t m_held = 0;                ///< up to here the process may hold pages
    std::size_t m_used = 0, m_spare = 0;
};

LargeBlocks* LargeBlocks::s_blocks = nullptr;

} // namespace

void useLargeBlocks() {
#ifndef __SANITIZE_ADDRESS__
    static std::once_flag once;
    std::call_once(once, [] {
        LargeBlocks::s_blocks = new LargeBlocks(*c10::GetCPUAllocator());
        c10::SetCPUAllocator(LargeBlocks::s_blocks);
    });
#endif
}

LargeBlockUse largeBlockUse() {
    return LargeBlocks::s_blocks ? LargeBlocks::s_blocks->use() : LargeBlockUse{};
}

} // namespace ochre::tensor
