// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/Commands.h"

#include <algorithm>
#include <array>

#include "core/base/Error.h"

namespace ochre::vk {

Commands::Commands(Device& device) : m_device(device) {
    const VkCommandPoolCreateInfo pool{.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                       .queueFamilyIndex = device.queueFamily()};
    check(vkCreateCommandPool(device.handle(), &pool, nullptr, &m_pool), "making a command pool");
    const VkCommandBufferAllocateInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = m_pool,
                                           .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY, .commandBufferCount = 1};
    check(vkAllocateCommandBuffers(device.handle(), &info, &m_commands), "making a command buffer");
    const std::array<VkDescriptorPoolSize, 4> sizes{{{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kMaxSets * 8},
                                                     {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, kMaxSets * 4},
                                                     {VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, kMaxSets},
                                                     {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 4}}};
    const VkDescriptorPoolCreateInfo sets{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = kMaxSets,
                                          .poolSizeCount = sizes.size(), .pPoolSizes = sizes.data()};
    check(vkCreateDescriptorPool(device.handle(), &sets, nullptr, &m_sets), "making a descriptor pool");
    const VkFenceCreateInfo fence{.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    check(vkCreateFence(device.handle(), &fence, nullptr, &m_fence), "making a fence");
    const VkQueryPoolCreateInfo queries{.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = kMaxStages + 1};
    check(vkCreateQueryPool(device.handle(), &queries, nullptr, &m_queries), "making timers");
}

Commands::~Commands() {
    vkDestroyQueryPool(m_device.handle(), m_queries, nullptr);
    vkDestroyFence(m_device.handle(), m_fence, nullptr);
    vkDestroyDescriptorPool(m_device.handle(), m_sets, nullptr);
    vkDestroyCommandPool(m_device.handle(), m_pool, nullptr);
}

void Commands::begin() {
    check(vkResetCommandPool(m_device.handle(), m_pool, 0), "resetting commands");
    check(vkResetDescriptorPool(m_device.handle(), m_sets, 0), "resetting descriptors");
    const VkCommandBufferBeginInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    check(vkBeginCommandBuffer(m_commands, &info), "beginning commands");
    vkCmdResetQueryPool(m_commands, m_queries, 0, kMaxStages + 1);
    m_stages.clear();
}

void Commands::barrier() {
    const VkMemoryBarrier all{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                              .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                              .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                                               VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    constexpr VkPipelineStageFlags kStages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    vkCmdPipelineBarrier(m_commands, kStages, kStages, 0, 1, &all, 0, nullptr, 0, nullptr);
}

void Commands::record(const Kernel& kernel, const void* push, std::uint32_t pushBytes,
                      std::initializer_list<const Buffer*> buffers, std::uint32_t groupsX, std::uint32_t groupsY,
                      const Sampled& sampled) {
    const VkDescriptorSet set = makeSet(kernel.setLayout(), kernel.bindings(), {buffers.begin(), buffers.size()}, sampled);
    barrier();
    vkCmdBindPipeline(m_commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline());
    vkCmdBindDescriptorSets(m_commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout(), 0, 1, &set, 0, nullptr);
    vkCmdPushConstants(m_commands, kernel.layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0, pushBytes, push);
    vkCmdDispatch(m_commands, groupsX, groupsY, 1);
}

VkDescriptorSet Commands::bufferSet(VkDescriptorSetLayout layout, std::span<const Binding> bindings, std::span<const Buffer* const> buffers) {
    return makeSet(layout, bindings, buffers, {});
}

VkDescriptorSet Commands::makeSet(VkDescriptorSetLayout layout, std::span<const Binding> bindings, std::span<const Buffer* const> buffers,
                                  const Sampled& sampled) {
    const VkDescriptorSetAllocateInfo info{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, .descriptorPool = m_sets,
                                           .descriptorSetCount = 1, .pSetLayouts = &layout};
    VkDescriptorSet set = VK_NULL_HANDLE;
    check(vkAllocateDescriptorSets(m_device.handle(), &info, &set), "making a descriptor set");
    const VkDescriptorImageInfo image{sampled.sampler, sampled.view, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
    std::vector<VkDescriptorBufferInfo> ranges(bindings.size());
    std::vector<VkBufferView> views(bindings.size());
    std::vector<VkWriteDescriptorSet> writes(bindings.size());
    auto buffer = buffers.begin();
    for (std::uint32_t n = 0; n < writes.size(); ++n) {
        writes[n] = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, .dstSet = set, .dstBinding = n, .descriptorCount = 1,
                     .descriptorType = descriptorType(bindings[n]), .pImageInfo = &image, .pBufferInfo = &ranges[n],
                     .pTexelBufferView = &views[n]};
        if (bindings[n] == Binding::Picture) continue;
        ranges[n] = {(*buffer)->handle(), 0, VK_WHOLE_SIZE};
        views[n] = (*buffer++)->view();
    }
    vkUpdateDescriptorSets(m_device.handle(), static_cast<std::uint32_t>(writes.size()), writes.data(), 0, nullptr);
    return set;
}

void Commands::write(const Buffer& buffer, std::span<const std::uint32_t> values) {
    barrier();
    vkCmdUpdateBuffer(m_commands, buffer.handle(), 0, values.size_bytes(), values.data());
}

void Commands::fill(const Buffer& buffer, std::uint32_t value, VkDeviceSize bytes) {
    barrier();
    vkCmdFillBuffer(m_commands, buffer.handle(), 0, bytes, value);
}

void Commands::copy(const Buffer& from, const Buffer& to, VkDeviceSize bytes, VkDeviceSize fromOffset, VkDeviceSize toOffset) {
    barrier();
    const VkBufferCopy region{fromOffset, toOffset, bytes};
    vkCmdCopyBuffer(m_commands, from.handle(), to.handle(), 1, &region);
}

void Commands::stage(const char* name) {
    if (m_stages.size() >= kMaxStages) return;
    vkCmdWriteTimestamp(m_commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, m_queries, static_cast<std::uint32_t>(m_stages.size()));
    m_stages.emplace_back(name);
}

void Commands::submitAndWait(const Cancel& cancel) {
    const auto last = static_cast<std::uint32_t>(m_stages.size());
    if (last > 0) vkCmdWriteTimestamp(m_commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, m_queries, last);
    // What the host reads next must be visible to it.
    const VkMemoryBarrier host{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                               .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                               .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    vkCmdPipelineBarrier(m_commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &host, 0, nullptr, 0, nullptr);
    check(vkEndCommandBuffer(m_commands), "ending commands");
    check(vkResetFences(m_device.handle(), 1, &m_fence), "resetting a fence");
    const VkSubmitInfo submit{.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &m_commands};
    check(vkQueueSubmit(m_device.queue(), 1, &submit, m_fence), "submitting work");
    constexpr std::uint64_t kSlice = 50'000'000; // ns
    constexpr int kSlices = 1200;                // one minute
    VkResult result = VK_TIMEOUT;
    for (int i = 0; i < kSlices && result == VK_TIMEOUT; ++i)
        result = vkWaitForFences(m_device.handle(), 1, &m_fence, VK_TRUE, kSlice);
    check(result, "waiting for the device");
    if (last > 0) readTimes();
    cancel.check();
}

void Commands::readTimes() {
    std::array<std::uint64_t, kMaxStages + 1> ticks{};
    const auto count = static_cast<std::uint32_t>(m_stages.size()) + 1;
    check(vkGetQueryPoolResults(m_device.handle(), m_queries, 0, count, sizeof ticks, ticks.data(), sizeof ticks[0],
                                VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
          "reading timers");
    for (std::size_t i = 0; i < m_stages.size(); ++i) {
        const double ms = static_cast<double>(ticks[i + 1] - ticks[i]) * m_device.limits().timestampPeriod * 1e-6;
        const auto known = std::find_if(m_times.begin(), m_times.end(), [&](const StageTime& t) { return t.stage == m_stages[i]; });
        if (known != m_times.end()) known->milliseconds += ms;
        else m_times.push_back({m_stages[i], ms});
    }
}

} // namespace ochre::vk
