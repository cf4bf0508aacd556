// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/PicturePass.h"

#include <algorithm>
#include <cstring>

#include "core/base/Math.h"
#include "core/render/Picture.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

void transition(VkCommandBuffer commands, VkImage image, VkImageLayout from, VkImageLayout to, VkAccessFlags before,
                VkAccessFlags after) {
    const VkImageMemoryBarrier barrier{.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER, .srcAccessMask = before,
                                       .dstAccessMask = after, .oldLayout = from, .newLayout = to,
                                       .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                       .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED, .image = image,
                                       .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
    constexpr VkPipelineStageFlags kStages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    vkCmdPipelineBarrier(commands, kStages, kStages, 0, 0, nullptr, 0, nullptr, 1, &barrier);
}

} // namespace

PicturePass::PicturePass(Device& device)
    : m_device(device), m_kernel(device, shaders::Picture, 2, sizeof(shared::PictureParams), true), m_sampler(device) {}

void PicturePass::upload(Commands& commands, const Image& picture) {
    const Image rgba = picture.empty() ? Image(1, 1, 4) : displayRgba(picture);
    const auto width = static_cast<std::uint32_t>(rgba.width()), height = static_cast<std::uint32_t>(rgba.height());
    m_texture = Texture(m_device, width, height, VK_IMAGE_USAGE_TRANSFER_DST_BIT);
    // In bands, so that the staging memory stays below the device's largest buffer.
    const VkDeviceSize rowBytes = VkDeviceSize{width} * 16;
    const auto band = static_cast<std::uint32_t>(
        std::clamp<VkDeviceSize>((VkDeviceSize{32} << 20) / rowBytes, 1, height));
    const Buffer staging(m_device, rowBytes * band, Buffer::Use::Upload);
    for (std::uint32_t row = 0; row < height; row += band) {
        const std::uint32_t rows = std::min(band, height - row);
        std::memcpy(staging.mapped().data(), rgba.values().data() + std::size_t{row} * width * 4, rowBytes * rows);
        commands.begin();
        transition(commands.handle(), m_texture.image(), row == 0 ? VK_IMAGE_LAYOUT_UNDEFINED : VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                   VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 0, VK_ACCESS_TRANSFER_WRITE_BIT);
        const VkBufferImageCopy region{.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                       .imageOffset = {0, static_cast<std::int32_t>(row), 0}, .imageExtent = {width, rows, 1}};
        vkCmdCopyBufferToImage(commands.handle(), staging.handle(), m_texture.image(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
        transition(commands.handle(), m_texture.image(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                   VK_ACCESS_TRANSFER_WRITE_BIT, VK_ACCESS_SHADER_READ_BIT);
        commands.submitAndWait({});
    }
    m_width = picture.empty() ? 0 : width; // without a picture the texture is only there to be bound
    m_height = picture.empty() ? 0 : height;
}

void PicturePass::render(Commands& commands, const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) {
    if (m_texture.empty()) upload(commands, Image());
    const VkDeviceSize bytes = VkDeviceSize{4} * static_cast<VkDeviceSize>(width) * static_cast<VkDeviceSize>(height);
    if (m_pixels.size() < bytes) {
        m_pixels = Buffer(m_device, bytes, Buffer::Use::Device);
        m_pixelsRead = Buffer(m_device, bytes, Buffer::Use::Readback);
    }
    const shared::PictureParams p{static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height), m_width, m_height,
                                  static_cast<float>(view.zoom), static_cast<float>(view.panX), static_cast<float>(view.panY),
                                  view.exposure, view.gamma, static_cast<std::uint32_t>(view.channel), view.checkerboard ? 1u : 0u,
                                  view.background[0], view.background[1], view.background[2]};
    commands.begin();
    commands.stage("picture");
    commands.dispatch(m_kernel, p, {&m_pixels}, ceilDivide(p.width, 8u), ceilDivide(p.height, 8u), {m_texture.view(), m_sampler.handle()});
    commands.stage("readback");
    commands.copy(m_pixels, m_pixelsRead, bytes);
    commands.submitAndWait({});
    std::memcpy(pixels.data(), m_pixelsRead.mapped().data(), std::min<std::size_t>(bytes, pixels.size()));
}

} // namespace ochre::vk
