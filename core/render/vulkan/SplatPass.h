// SPDX-License-Identifier: GPL-3.0-or-later
// Splats on the device: uploaded once, then projected, sorted and blended for each camera.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "core/render/ItemView.h"
#include "core/render/Planes.h"
#include "core/render/vulkan/GpuCloud.h"
#include "core/render/vulkan/QuadBlender.h"
#include "core/render/vulkan/Sorter.h"

namespace ochre::vk {

class SplatPass {
public:
    SplatPass(Device& device, Blending blending);

    /// Uploads the clouds that are not there yet and drops those that are no longer needed. Throws Error (Memory) when they do
    /// not fit; the scene is then empty.
    void setScene(Commands& commands, std::span<const SceneItem> items);

    /// Draws into `target`: RGBA8 (pack) or four floats a pixel, rows from the top.
    void render(Commands& commands, const Camera& camera, const SplatOptions& options, bool pack, std::span<std::byte> target,
                const Cancel& cancel);
    void renderPlanes(Commands& commands, const Camera& camera, const SplatOptions& options, PlaneWriter& writer,
                      const Cancel& cancel);
    std::span<const SceneItem> items() const { return m_items; }
    /// The first splat of each item, counted over those that are visible; an invisible item has that of the one behind it.
    const std::vector<std::uint32_t>& firsts() const { return m_firsts; }
    std::size_t uploaded() const { return m_uploaded; } ///< bytes of clouds, so far

private:
    struct Frame;
    using Rows = std::function<void(std::uint32_t first, std::uint32_t count, std::span<const std::byte>)>;
    void reserveSplats(std::size_t count);
    void needPlanes();
    bool drawn(std::size_t item) const { return m_items[item].visible && m_clouds[item]->count > 0; }
    void sendExtras(std::span<const ItemView> views);
    void sendMarks(std::span<const SceneItem> before);
    void reserveTiles(std::uint32_t entries, std::uint32_t tiles);
    void projectAndSort(Commands& commands, const Camera& camera, const SplatOptions& options);
    void binTiles(Commands& commands, const Frame& frame, const Cancel& cancel);
    void makeNormals(Commands& commands, const Camera& camera, const SplatOptions& options);
    void finish(Commands& commands, const Frame& frame, const Rows& take, const Cancel& cancel);

    Device& m_device;
    Kernel m_project, m_orderCounts, m_expand, m_ranges, m_blend, m_resolve;
    std::unique_ptr<Kernel> m_planes, m_makeNormals; ///< made when first needed
    std::unique_ptr<QuadBlender> m_quads; ///< null: tiles
    Sampler m_sampler;
    Sorter m_sorter;
    std::vector<SceneItem> m_items;
    std::vector<std::shared_ptr<GpuCloud>> m_clouds; ///< of the items; several may share one
    std::vector<std::uint32_t> m_firsts;
    std::size_t m_uploaded = 0;
    Buffer m_extras;                                                        // of the items, written by the host
    std::vector<Buffer> m_marks;                                            // of each item; empty where it has none
    Buffer m_place, m_shape, m_colors, m_keys, m_order, m_counts, m_offsets; // a frame's splats
    Buffer m_normals;                                                       // of them, or of none
    Buffer m_tiles, m_tileSplats, m_tileRanges;                             // a frame's tiles
    Buffer m_draw, m_totals, m_totalsRead, m_pixels, m_pixelsRead;
    std::uint32_t m_count = 0, m_capacity = 0, m_tileCapacity = 0, m_rangeCapacity = 0;
};

} // namespace ochre::vk
