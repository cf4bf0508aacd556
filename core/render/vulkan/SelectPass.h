// SPDX-License-Identifier: GPL-3.0-or-later
// Asks splats on the device: in floats, with a bound on what rounding does, and those that it leaves open on the CPU.
#pragma once

#include "core/render/vulkan/Commands.h"
#include "core/scene/edit/SplatQuery.h"

namespace ochre::vk {

class SelectPass {
public:
    explicit SelectPass(Device& device);

    /// As DeviceSelector::answer().
    std::optional<SplatMask> answer(Commands& commands, const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel);

private:
    struct Sent { ///< an array of the cloud
        Buffer buffer;
        std::uint64_t state = 0;
    };
    void send(Commands& commands, const void* bytes, VkDeviceSize size, Buffer& to);

    Device& m_device;
    Kernel m_kernel;
    Sent m_positions, m_scales, m_opacities, m_colors;
    Buffer m_inside, m_found, m_foundRead, m_staging;
};

} // namespace ochre::vk
