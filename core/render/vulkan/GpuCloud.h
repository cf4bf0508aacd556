// SPDX-License-Identifier: GPL-3.0-or-later
// A cloud's splats on the device.
#pragma once

#include <vector>

#include "core/render/vulkan/Commands.h"
#include "core/scene/SplatCloud.h"

namespace ochre::vk {

struct GpuCloud {
    /// Throws Error (Memory) when an attribute exceeds the device's largest buffer.
    GpuCloud(Device& device, Commands& commands, const SplatCloud& cloud);
    /// Sends what normals are made from, where it is not there yet.
    void needAxes(Device& device, Commands& commands);

    SplatCloud cloud;
    std::uint32_t count;
    std::size_t sent = 0; ///< bytes
    Buffer positions, covariances, opacities, base, rest[3]; ///< as Project.comp reads them
    Buffer axes;                                             ///< [N,3] the shortest ones; empty until they are needed

private:
    void send(Device& device, Commands& commands, const std::vector<float>& values, Buffer& buffer);
};

} // namespace ochre::vk
