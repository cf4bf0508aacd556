// SPDX-License-Identifier: GPL-3.0-or-later
// Splats on the device: uploaded once, then projected, sorted and blended for each camera.
#pragma once

#include <memory>
#include <span>

#include "core/render/vulkan/QuadBlender.h"
#include "core/render/vulkan/Sorter.h"
#include "core/scene/SplatCloud.h"

namespace ochre::vk {

class SplatPass {
public:
    SplatPass(Device& device, Blending blending);

    /// Throws Error (Memory) when an attribute exceeds the device's largest buffer; the pass is then empty.
    void upload(Commands& commands, const SplatCloud& cloud);

    /// Draws into `target`: RGBA8 (pack) or four floats a pixel, rows from the top.
    void render(Commands& commands, const Camera& camera, const SplatOptions& options, bool pack, std::span<std::byte> target,
                const Cancel& cancel);

private:
    struct View;
    void send(Commands& commands, const std::vector<float>& values, Buffer& buffer);
    void reserveTiles(std::uint32_t entries, std::uint32_t tiles);
    void projectAndSort(Commands& commands, const Camera& camera, const SplatOptions& options);
    void binTiles(Commands& commands, const View& view, const Cancel& cancel);
    void finish(Commands& commands, const View& view, const SplatOptions& options, bool pack, std::span<std::byte> target,
                const Cancel& cancel);

    Device& m_device;
    Kernel m_project, m_orderCounts, m_expand, m_ranges, m_blend, m_resolve;
    std::unique_ptr<QuadBlender> m_quads; ///< null: tiles
    Sampler m_sampler;
    Sorter m_sorter;
    Buffer m_positions, m_covariances, m_opacities, m_base, m_rest[3];      // the cloud
    Buffer m_place, m_shape, m_colors, m_keys, m_order, m_counts, m_offsets; // a frame's splats
    Buffer m_tiles, m_tileSplats, m_tileRanges;                             // a frame's tiles
    Buffer m_draw, m_totals, m_totalsRead, m_pixels, m_pixelsRead;
    std::uint32_t m_count = 0, m_tileCapacity = 0, m_rangeCapacity = 0;
    int m_degree = 0;
    bool m_antialiased = false;
};

} // namespace ochre::vk
