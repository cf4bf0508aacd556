// SPDX-License-Identifier: GPL-3.0-or-later
// Arrays that are read and written all over: on large pages where the system has them. With small ones, every other access to
// a million splats first waits for the address to be translated: drawing takes nearly twice as long.
#pragma once

#include <cstdlib>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace ochre::raster {

template <typename T>
struct PageAllocator {
    using value_type = T;
    static constexpr std::size_t kPage = std::size_t{2} << 20, kLine = 64;

    PageAllocator() = default;
    template <typename U>
    PageAllocator(const PageAllocator<U>&) {}

    T* allocate(std::size_t n) {
        const std::size_t unit = n * sizeof(T) >= kPage ? kPage : kLine;
        const std::size_t bytes = (n * sizeof(T) + unit - 1) / unit * unit;
        void* memory = std::aligned_alloc(unit, bytes);
        if (!memory) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
        if (unit == kPage) ::madvise(memory, bytes, MADV_HUGEPAGE); // where it is refused, small pages do
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { std::free(memory); }

    template <typename U>
    bool operator==(const PageAllocator<U>&) const {
        return true;
    }
};

template <typename T>
using Pages = std::vector<T, PageAllocator<T>>;

} // namespace ochre::raster
