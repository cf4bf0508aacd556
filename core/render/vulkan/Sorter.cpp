// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/Sorter.h"

#include <algorithm>
#include <utility>

#include "core/base/Math.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

// Keys an invocation walks. A CPU device has few threads, so long runs and few histograms; a GPU needs many.
constexpr std::uint32_t kCpuRun = 2048, kGpuRun = 256;

std::uint32_t groups(std::uint32_t invocations) {
    return ceilDivide(std::max(invocations, 1u), shared::kGroupSize);
}

} // namespace

Sorter::Sorter(Device& device)
    : m_device(device), m_count(device, shaders::SortCount, 2, sizeof(shared::SortParams)),
      m_scatter(device, shaders::SortScatter, 5, sizeof(shared::SortParams)),
      m_sums(device, shaders::ScanSums, 2, sizeof(shared::ScanParams)),
      m_chunks(device, shaders::ScanChunks, 2, sizeof(shared::ScanParams)),
      m_apply(device, shaders::ScanApply, 2, sizeof(shared::ScanParams)), m_ignored(device, 16, Buffer::Use::Device),
      m_run(device.isCpu() ? kCpuRun : kGpuRun) {}

void Sorter::reserve(std::uint32_t count) {
    if (count <= m_capacity) return;
    // A quarter more than asked, so that a turning camera does not allocate each frame.
    const std::uint32_t capacity = count + count / 4;
    m_keys = Buffer(m_device, VkDeviceSize{capacity} * 4, Buffer::Use::Device);
    m_values = Buffer(m_device, VkDeviceSize{capacity} * 4, Buffer::Use::Device);
    const std::uint32_t histogram = std::max(ceilDivide(capacity, m_run) * shared::kRadix, capacity);
    m_histogram = Buffer(m_device, VkDeviceSize{ceilDivide(capacity, m_run)} * shared::kRadix * 4, Buffer::Use::Device);
    m_partial = Buffer(m_device, VkDeviceSize{ceilDivide(histogram, shared::kScanChunk)} * 4, Buffer::Use::Device);
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
        const shared::SortParams p{count, ceilDivide(count, m_run), m_run, shift};
        commands.dispatch(m_count, p, {&keys, &m_histogram}, groups(p.chunks));
        scan(commands, m_histogram, p.chunks * shared::kRadix, m_ignored, 0);
        commands.dispatch(m_scatter, p, {&keys, &values, &m_histogram, &m_keys, &m_values}, groups(p.chunks));
        std::swap(keys, m_keys);
        std::swap(values, m_values);
    }
}

} // namespace ochre::vk
