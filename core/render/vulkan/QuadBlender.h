// SPDX-License-Identifier: GPL-3.0-or-later
// Blends sorted splats with the rasteriser: a quad each, nearest first, each laid under what is there.
#pragma once

#include "core/render/vulkan/Commands.h"
#include "core/render/vulkan/Texture.h"

namespace ochre::vk {

class QuadBlender {
public:
    explicit QuadBlender(Device& device);
    ~QuadBlender();
    QuadBlender(const QuadBlender&) = delete;
    QuadBlender& operator=(const QuadBlender&) = delete;

    /// Whether the device blends floats of 32 bits and its queue draws.
    static bool supported(const Device& device);

    /// Records the drawing of `count` splats into texture(). Buffers as in Quad.vert.
    void record(Commands& commands, std::uint32_t width, std::uint32_t height, std::uint32_t count,
                const std::array<const Buffer*, 2>& splats);
    const Texture& texture() const { return m_texture; }

private:
    void makePass();
    void makePipeline();
    void resize(std::uint32_t width, std::uint32_t height);

    Device& m_device;
    VkRenderPass m_pass = VK_NULL_HANDLE;
    VkDescriptorSetLayout m_setLayout = VK_NULL_HANDLE;
    VkPipelineLayout m_layout = VK_NULL_HANDLE;
    VkPipeline m_pipeline = VK_NULL_HANDLE;
    VkFramebuffer m_framebuffer = VK_NULL_HANDLE;
    Texture m_texture;
};

} // namespace ochre::vk
