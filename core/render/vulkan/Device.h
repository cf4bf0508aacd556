// SPDX-License-Identifier: GPL-3.0-or-later
// A Vulkan device for computing: instance, queue, buffers, kernels, and work submitted and waited for. Everything here throws
// Error with the Vulkan result in words.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <vulkan/vulkan.h>

#include "core/base/Cancel.h"

namespace ochre::vk {

void check(VkResult result, const char* what);

class Device {
public:
    explicit Device(bool validation);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    VkDevice handle() const { return m_device; }
    VkQueue queue() const { return m_queue; }
    std::uint32_t queueFamily() const { return m_queueFamily; }
    const VkPhysicalDeviceLimits& limits() const { return m_limits; }
    const std::string& name() const { return m_name; }
    bool draws() const { return m_draws; } ///< its queue takes graphics work
    VkFormatFeatureFlags formatFeatures(VkFormat format) const; ///< of optimally tiled pictures
    bool isCpu() const { return m_isCpu; }
    std::size_t validationMessages() const { return m_messages.load(); }

    /// Throws Error (Memory) when the device has none left.
    VkDeviceMemory allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags required);

private:
    void destroy();
    void makeInstance(bool validation);
    void choosePhysicalDevice();
    void makeDevice();
    static VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                    VkDebugUtilsMessageTypeFlagsEXT types,
                                                    const VkDebugUtilsMessengerCallbackDataEXT* data, void* self);

    VkInstance m_instance = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT m_messenger = VK_NULL_HANDLE;
    VkPhysicalDevice m_physical = VK_NULL_HANDLE;
    VkDevice m_device = VK_NULL_HANDLE;
    VkQueue m_queue = VK_NULL_HANDLE;
    std::uint32_t m_queueFamily = 0;
    VkPhysicalDeviceLimits m_limits{};
    VkPhysicalDeviceMemoryProperties m_memory{};
    std::string m_name;
    bool m_isCpu = false, m_draws = false;
    std::atomic<std::size_t> m_messages{0};
};

/// Device memory, or memory that this program sees as well.
class Buffer {
public:
    enum class Use { Device, Upload, Readback };

    Buffer() = default;
    /// Throws Error (Memory) beyond the device's largest storage buffer.
    Buffer(Device& device, VkDeviceSize bytes, Use use);
    ~Buffer();
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        swap(other);
        return *this;
    }

    VkBuffer handle() const { return m_buffer; }
    VkDeviceSize size() const { return m_size; }
    std::span<std::byte> mapped() const { return {static_cast<std::byte*>(m_mapped), m_size}; }

private:
    void destroy();
    void swap(Buffer& other) noexcept;

    Device* m_device = nullptr;
    VkBuffer m_buffer = VK_NULL_HANDLE;
    VkDeviceMemory m_memory = VK_NULL_HANDLE;
    VkDeviceSize m_size = 0;
    void* m_mapped = nullptr;
};

/// A compute pipeline over `buffers` storage buffers at bindings from 0, in set 0; `sampler`: binding 0 is a picture instead.
class Kernel {
public:
    Kernel(Device& device, std::span<const std::uint32_t> spirv, std::uint32_t buffers, std::uint32_t pushBytes,
           bool sampler = false);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    VkPipeline pipeline() const { return m_pipeline; }
    VkPipelineLayout layout() const { return m_layout; }
    VkDescriptorSetLayout setLayout() const { return m_setLayout; }
    bool sampler() const { return m_sampler; }

private:
    Device& m_device;
    bool m_sampler;
    VkDescriptorSetLayout m_setLayout = VK_NULL_HANDLE;
    VkPipelineLayout m_layout = VK_NULL_HANDLE;
    VkPipeline m_pipeline = VK_NULL_HANDLE;
};

} // namespace ochre::vk
