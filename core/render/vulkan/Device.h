// SPDX-License-Identifier: GPL-3.0-or-later
// A Vulkan device for computing: instance, queue, buffers, kernels, and work submitted and waited for. Everything here throws
// Error with the Vulkan result in words.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <vulkan/vulkan.h>

#include "core/base/Cancel.h"

namespace ochre::vk {

void check(VkResult result, const char* what);

class Device {
public:
    /// `manyLanes`: what is made for graphics cards is taken on a CPU as well.
    explicit Device(bool validation, bool manyLanes = false);
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
    bool fewLanes() const { return m_isCpu && !m_manyLanes; } ///< a few wide invocations suit it, rather than many small ones
    std::size_t validationMessages() const { return m_messages.load(); }

    std::size_t bytesHeld() const { return m_held.load(); } ///< in buffers

    /// Throws Error (Memory) when the device has none left.
    VkDeviceMemory allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags required);

private:
    friend class Buffer;
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
    bool m_isCpu = false, m_draws = false, m_manyLanes;
    std::atomic<std::size_t> m_messages{0}, m_held{0};
};

/// Device memory, or memory that this program sees as well.
class Buffer {
public:
    enum class Use { Device, Upload, Readback };
    /// How kernels may read it through the units for textures as well, which many devices do faster: one word at a time, or four;
    /// those of four are no storage buffers, so that they may be larger.
    enum class Texels { None, Words, Fours };

    Buffer() = default;
    /// Throws Error (Memory) beyond what the device lets a kernel see at a time.
    Buffer(Device& device, VkDeviceSize bytes, Use use, Texels texels = Texels::None);
    ~Buffer();
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        swap(other);
        return *this;
    }

    VkBuffer handle() const { return m_buffer; }
    VkBufferView view() const { return m_view; }
    VkDeviceSize size() const { return m_size; }
    std::span<std::byte> mapped() const { return {static_cast<std::byte*>(m_mapped), m_size}; }

private:
    void destroy();
    void swap(Buffer& other) noexcept;

    Device* m_device = nullptr;
    VkBuffer m_buffer = VK_NULL_HANDLE;
    VkDeviceMemory m_memory = VK_NULL_HANDLE;
    VkBufferView m_view = VK_NULL_HANDLE;
    VkDeviceSize m_size = 0;
    void* m_mapped = nullptr;
};

/// What a kernel finds at a binding.
enum class Binding { Storage, Texels, StoredTexels, Picture };
VkDescriptorType descriptorType(Binding binding);
std::vector<Binding> bindingsOf(std::string_view letters); ///< s, t, w (written texels), p

/// A compute pipeline over what is bound from 0 on in set 0.
class Kernel {
public:
    /// `bindings` in letters; `constants`: of specialisation, from 0 on.
    Kernel(Device& device, std::span<const std::uint32_t> spirv, std::string_view bindings, std::uint32_t pushBytes,
           std::initializer_list<std::uint32_t> constants = {});
    /// So many storage buffers; `sampler`: binding 0 is a picture instead.
    Kernel(Device& device, std::span<const std::uint32_t> spirv, std::uint32_t buffers, std::uint32_t pushBytes,
           bool sampler = false);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    VkPipeline pipeline() const { return m_pipeline; }
    VkPipelineLayout layout() const { return m_layout; }
    VkDescriptorSetLayout setLayout() const { return m_setLayout; }
    const std::vector<Binding>& bindings() const { return m_bindings; }

private:
    Device& m_device;
    std::vector<Binding> m_bindings;
    VkDescriptorSetLayout m_setLayout = VK_NULL_HANDLE;
    VkPipelineLayout m_layout = VK_NULL_HANDLE;
    VkPipeline m_pipeline = VK_NULL_HANDLE;
};

} // namespace ochre::vk
