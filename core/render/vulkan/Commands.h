// SPDX-License-Identifier: GPL-3.0-or-later
// One batch of work for the device: recorded, submitted, waited for. Each dispatch sees what those before it wrote.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "core/render/Renderer.h"
#include "core/render/vulkan/Device.h"

namespace ochre::vk {

/// A picture to sample from; see PictureTexture.
struct Sampled {
    VkImageView view = VK_NULL_HANDLE;
    VkSampler sampler = VK_NULL_HANDLE;
};

class Commands {
public:
    explicit Commands(Device& device);
    ~Commands();
    Commands(const Commands&) = delete;
    Commands& operator=(const Commands&) = delete;

    void begin();
    /// Groups of the kernel's own size; `push` is its parameter block.
    template <typename Params>
    void dispatch(const Kernel& kernel, const Params& push, std::initializer_list<const Buffer*> buffers, std::uint32_t groupsX,
                  std::uint32_t groupsY = 1, const Sampled& sampled = {}) {
        record(kernel, &push, sizeof push, buffers, groupsX, groupsY, sampled);
    }
    /// A descriptor set of buffers at bindings from 0, good until the next begin().
    VkDescriptorSet bufferSet(VkDescriptorSetLayout layout, std::span<const Binding> bindings, std::span<const Buffer* const> buffers);
    void fill(const Buffer& buffer, std::uint32_t value, VkDeviceSize bytes);
    void write(const Buffer& buffer, std::span<const std::uint32_t> values); ///< up to 64 KiB
    void copy(const Buffer& from, const Buffer& to, VkDeviceSize bytes, VkDeviceSize fromOffset = 0, VkDeviceSize toOffset = 0);
    void stage(const char* name); ///< what follows is timed under this name
    VkCommandBuffer handle() const { return m_commands; }
    /// Waits, asking Cancel (the work itself goes on to its end; nothing is left running). Throws after 60 s without an answer.
    void submitAndWait(const Cancel& cancel);

    std::vector<StageTime> times() const { return m_times; } ///< of the batches since clearTimes()
    void clearTimes() { m_times.clear(); }

private:
    void record(const Kernel& kernel, const void* push, std::uint32_t pushBytes, std::initializer_list<const Buffer*> buffers,
                std::uint32_t groupsX, std::uint32_t groupsY, const Sampled& sampled);
    VkDescriptorSet makeSet(VkDescriptorSetLayout layout, std::span<const Binding> bindings, std::span<const Buffer* const> buffers,
                            const Sampled& sampled);
    void barrier();
    void readTimes();

    static constexpr std::uint32_t kMaxSets = 4096, kMaxStages = 32;

    Device& m_device;
    VkCommandPool m_pool = VK_NULL_HANDLE;
    VkCommandBuffer m_commands = VK_NULL_HANDLE;
    VkDescriptorPool m_sets = VK_NULL_HANDLE;
    VkFence m_fence = VK_NULL_HANDLE;
    VkQueryPool m_queries = VK_NULL_HANDLE;
    std::vector<std::string> m_stages;
    std::vector<StageTime> m_times;
};

} // namespace ochre::vk
