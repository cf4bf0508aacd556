// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/Texture.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::vk {

Texture::Texture(Device& device, std::uint32_t width, std::uint32_t height, VkImageUsageFlags usage)
    : m_device(&device), m_width(width), m_height(height) {
    const std::uint32_t limit = device.limits().maxImageDimension2D;
    if (width > limit || height > limit)
        throw Error(fmt::format("a picture of {}×{} pixels: {} takes up to {} a side", width, height, device.name(), limit),
                    "the CPU renderer can show it", ErrorKind::Memory);
    const VkImageCreateInfo info{.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, .imageType = VK_IMAGE_TYPE_2D, .format = kFormat,
                                 .extent = {width, height, 1}, .mipLevels = 1, .arrayLayers = 1,
                                 .samples = VK_SAMPLE_COUNT_1_BIT, .tiling = VK_IMAGE_TILING_OPTIMAL,
                                 .usage = VK_IMAGE_USAGE_SAMPLED_BIT | usage};
    try {
        check(vkCreateImage(device.handle(), &info, nullptr, &m_image), "making a picture");
        VkMemoryRequirements needs;
        vkGetImageMemoryRequirements(device.handle(), m_image, &needs);
        m_memory = device.allocate(needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0);
        check(vkBindImageMemory(device.handle(), m_image, m_memory, 0), "binding a picture");
        const VkImageViewCreateInfo view{.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO, .image = m_image,
                                         .viewType = VK_IMAGE_VIEW_TYPE_2D, .format = kFormat,
                                         .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
        check(vkCreateImageView(device.handle(), &view, nullptr, &m_view), "viewing a picture");
    } catch (...) {
        destroy();
        throw;
    }
}

Texture::~Texture() {
    destroy();
}

void Texture::destroy() {
    if (!m_device) return;
    vkDestroyImageView(m_device->handle(), m_view, nullptr);
    vkDestroyImage(m_device->handle(), m_image, nullptr);
    vkFreeMemory(m_device->handle(), m_memory, nullptr);
}

void Texture::swap(Texture& other) noexcept {
    std::swap(m_device, other.m_device);
    std::swap(m_image, other.m_image);
    std::swap(m_memory, other.m_memory);
    std::swap(m_view, other.m_view);
    std::swap(m_width, other.m_width);
    std::swap(m_height, other.m_height);
}

Sampler::Sampler(Device& device) : m_device(device) {
    const VkSamplerCreateInfo info{.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO};
    check(vkCreateSampler(device.handle(), &info, nullptr, &m_sampler), "making a sampler");
}

Sampler::~Sampler() {
    vkDestroySampler(m_device.handle(), m_sampler, nullptr);
}

} // namespace ochre::vk
