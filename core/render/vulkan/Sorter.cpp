// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/Sorter.h"

#include <algorithm>
#include <utility>

#include "core/base/Math.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

std::uint32_t groups(std::uint32_t invocations) {
    return ceilDivide(std::max(invocations, 1u), shared::kGroupSize);
}

} // namespace

static_assert(shared::kSortLanes == shared::kRadix && shared::kSortBlock == shared::kSortRun);

Sorter::Sorter(Device& device)
    : m_device(device),
      m_count(device, device.fewLanes() ? shaders::SortCount : shaders::SortCountBlock, "ts", sizeof(shared::SortParams)),
      m_scatter(device, device.fewLanes() ? shaders::SortScatter : shaders::SortScatterBlock, "ttsss", sizeof(shared::SortParams)),
      m_sums(device, shaders::ScanSums, 2, sizeof(shared::ScanParams)),
      m_chunks(device, shaders::ScanChunks, 2, sizeof(shared::ScanParams)),
      m_apply(device, shaders::ScanApply, 2, sizeof(shared::ScanParams)), m_ignored(device, 16, Buffer::Use::Device) {}

void Sorter::reserve(std::uint32_t count) {
    if (count <= m_capacity) return;
    // A quarter more than asked, so that a turning camera does not allocate each frame.
    const std::uint32_t capacity = count + count / 4, runs = ceilDivide(capacity, shared::kSortRun);
    for (Buffer* words : {&m_keys, &m_values})
        *words = Buffer(m_device, VkDeviceSize{capacity} * 4, Buffer::Use::Device, Buffer::Texels::Words);
    m_histogram = Buffer(m_device, VkDeviceSize{runs} * shared::kRadix * 4, Buffer::Use::Device);
    const std::uint32_t scanned = std::max(runs * shared::kRadix, capacity);
    m_partial = Buffer(m_device, VkDeviceSize{ceilDivide(scanned, shared::kScanChunk)} * 4, Buffer::Use::Device);
    m_capacity = capacity;
}

void Sorter::scan(Commands& commands, const Buffer& values, std::uint32_t count, const Buffer& totals, std::uint32_t slot) {
    const shared::ScanParams p{count, ceilDivide(count, shared::kScanChunk), slot};
    commands.dispatch(m_sums, p, {&values, &m_partial}, groups(p.chunks));
    commands.dispatch(m_chunks, p, {&m_partial, &totals}, 1);
    commands.dispatch(m_apply, p, {&values, &m_partial}, groups(p.chunks));
}

void Sorter::sort(Commands& commands, Buffer& keys, Buffer& values, std::uint32_t count, std::uint32_t bits) {
    // An even number of passes, so that after the swaps everyone has the buffers of the right size back.
    for (std::uint32_t shift = 0; shift < ceilDivide(bits, 16u) * 16; shift += 8) {
        const shared::SortParams p{count, ceilDivide(count, shared::kSortRun), shift};
        const std::uint32_t across = m_device.fewLanes() ? groups(p.chunks) : p.chunks;
        commands.dispatch(m_count, p, {&keys, &m_histogram}, across);
        scan(commands, m_histogram, p.chunks * shared::kRadix, m_ignored, 0);
        commands.dispatch(m_scatter, p, {&keys, &values, &m_histogram, &m_keys, &m_values}, across);
        std::swap(keys, m_keys);
        std::swap(values, m_values);
    }
}

} // namespace ochre::vk
