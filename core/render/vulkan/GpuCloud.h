// SPDX-License-Identifier: GPL-3.0-or-later
// A cloud's splats on the device, in parts that no limit of a buffer's size touches.
#pragma once

#include <vector>

#include "core/render/vulkan/Commands.h"
#include "core/scene/SplatCloud.h"

namespace ochre::vk {

struct GpuCloud {
    static constexpr std::uint32_t kPart = 1 << 20; ///< splats at most

    struct Part {
        std::uint32_t first, count;
        Buffer geometry, harmonics; ///< see PackedSplats.h
    };

    /// Throws Error (Memory) when the device's memory does not suffice.
    GpuCloud(Device& device, Commands& commands, const SplatCloud& cloud);

    SplatCloud cloud;
    std::vector<Part> parts;
    std::size_t sent = 0; ///< bytes
};

} // namespace ochre::vk
