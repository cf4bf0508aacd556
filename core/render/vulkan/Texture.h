// SPDX-License-Identifier: GPL-3.0-or-later
// A two-dimensional picture of four floats a pixel on the device.
#pragma once

#include "core/render/vulkan/Device.h"

namespace ochre::vk {

class Texture {
public:
    static constexpr VkFormat kFormat = VK_FORMAT_R32G32B32A32_SFLOAT;

    Texture() = default;
    /// `usage` beyond being sampled. Throws Error (Memory) when a side exceeds what the device takes.
    Texture(Device& device, std::uint32_t width, std::uint32_t height, VkImageUsageFlags usage);
    ~Texture();
    Texture(Texture&& other) noexcept { swap(other); }
    Texture& operator=(Texture&& other) noexcept {
        swap(other);
        return *this;
    }

    bool empty() const { return m_view == VK_NULL_HANDLE; }
    VkImage image() const { return m_image; }
    VkImageView view() const { return m_view; }
    std::uint32_t width() const { return m_width; }
    std::uint32_t height() const { return m_height; }

private:
    void destroy();
    void swap(Texture& other) noexcept;

    Device* m_device = nullptr;
    VkImage m_image = VK_NULL_HANDLE;
    VkDeviceMemory m_memory = VK_NULL_HANDLE;
    VkImageView m_view = VK_NULL_HANDLE;
    std::uint32_t m_width = 0, m_height = 0;
};

/// Unfiltered; all that texelFetch needs.
class Sampler {
public:
    explicit Sampler(Device& device);
    ~Sampler();
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;
    VkSampler handle() const { return m_sampler; }

private:
    Device& m_device;
    VkSampler m_sampler = VK_NULL_HANDLE;
};

} // namespace ochre::vk
