// SPDX-License-Identifier: GPL-3.0-or-later
// A picture on the device and the pass that shows it.
#pragma once

#include <span>

#include "core/render/vulkan/Commands.h"
#include "core/render/vulkan/Texture.h"

namespace ochre::vk {

class PicturePass {
public:
    explicit PicturePass(Device& device);

    /// Throws Error when a side exceeds what the device takes.
    void upload(Commands& commands, const Image& picture);
    void render(Commands& commands, const PictureView& view, int width, int height, std::span<std::uint8_t> pixels);

private:
    Device& m_device;
    Kernel m_kernel;
    Sampler m_sampler;
    Texture m_texture;
    std::uint32_t m_width = 0, m_height = 0; ///< 0 while there is no picture
    Buffer m_pixels, m_pixelsRead;
};

} // namespace ochre::vk
