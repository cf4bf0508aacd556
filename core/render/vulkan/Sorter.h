// SPDX-License-Identifier: GPL-3.0-or-later
// Exclusive sums and a stable radix sort of 32-bit keys with 32-bit values, on the device.
#pragma once

#include "core/render/vulkan/Commands.h"

namespace ochre::vk {

class Sorter {
public:
    explicit Sorter(Device& device);

    /// Room for `count` keys; keeps what is there when it suffices.
    void reserve(std::uint32_t count);

    /// Sorts keys and values, buffers of words that are texels as well, in place by the lowest `bits` of the key. reserve(count)
    /// must have been called.
    void sort(Commands& commands, Buffer& keys, Buffer& values, std::uint32_t count, std::uint32_t bits);

    /// values[i] ← Σ values[<i]; the sum of all goes to totals[slot].
    void scan(Commands& commands, const Buffer& values, std::uint32_t count, const Buffer& totals, std::uint32_t slot);

private:
    Device& m_device;
    Kernel m_count, m_scatter, m_sums, m_chunks, m_apply;
    Buffer m_keys, m_values, m_histogram, m_partial, m_ignored;
    std::uint32_t m_capacity = 0;
};

} // namespace ochre::vk
