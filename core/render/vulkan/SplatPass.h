// SPDX-License-Identifier: GPL-3.0-or-later
// From what a camera sees of the scene to a picture: blended in tiles or as quads.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>

#include "core/render/Planes.h"
#include "core/render/vulkan/BlendingChoice.h"
#include "core/render/vulkan/Projection.h"
#include "core/render/vulkan/QuadBlender.h"

namespace ochre::vk {

class SplatPass {
public:
    SplatPass(Device& device, Blending blending);

    void setScene(Commands& commands, std::span<const SceneItem> items) { m_projection.setScene(commands, items); }

    /// Draws into `target`: RGBA8 (pack) or four floats a pixel, rows from the top. With Blending::Auto floats are drawn in tiles,
    /// which are exact, and the same whatever the device's speed.
    void render(Commands& commands, const Camera& camera, const SplatOptions& options, bool pack, std::span<std::byte> target,
                const Cancel& cancel);
    void renderPlanes(Commands& commands, const Camera& camera, const SplatOptions& options, PlaneWriter& writer,
                      const Cancel& cancel);
    const std::vector<std::uint32_t>& firsts() const { return m_projection.firsts(); } ///< see Projection
    std::size_t uploaded() const { return m_projection.uploaded(); }
    FrameCounts counts() const;

private:
    struct Frame;
    struct Rows {
        std::uint32_t first, count;
    };
    using Take = std::function<void(Rows pixels, std::span<const std::byte>)>;
    Blending wayFor(bool shown) const;
    const Kernel& kernelFor(const Frame& frame, bool longLists);
    void drawQuads(Commands& commands, const Frame& frame, const Take& take, const Cancel& cancel);
    void drawTiles(Commands& commands, const Frame& frame, const Take& take, const Cancel& cancel);
    void drawBand(Commands& commands, const Frame& frame, Rows tiles, const Take& take, const Cancel& cancel);
    void drawLists(Commands& commands, const Frame& frame, Rows tiles, std::uint32_t entries, const Take& take, const Cancel& cancel);
    std::uint32_t countEntries(Commands& commands, const Frame& frame, Rows tiles, const Cancel& cancel);
    void binTiles(Commands& commands, const Frame& frame, Rows tiles, std::uint32_t entries);
    void reserveTiles(std::uint32_t entries, std::uint32_t tiles);
    std::uint32_t longestList(Commands& commands, std::uint32_t tiles, const Cancel& cancel);
    void reservePixels(VkDeviceSize bytes);
    void readBack(Commands& commands, const Frame& frame, Rows pixels, const Take& take, const Cancel& cancel);

    Device& m_device;
    Blending m_blending;
    Projection m_projection;
    Kernel m_orderCounts, m_expand, m_ranges;
    Kernel m_resolve;
    /// For colours, for long lists of them and for planes, each in large and small tiles; made when first needed.
    std::array<std::unique_ptr<Kernel>, 6> m_blends;
    std::unique_ptr<QuadBlender> m_quads; ///< where there is a choice
    Sampler m_sampler;
    Sorter m_sorter;
    Buffer m_offsets, m_tiles, m_tileSplats, m_tileRanges;
    Buffer m_totals, m_totalsRead, m_rangesRead, m_pixels, m_pixelsRead;
    std::uint32_t m_tileCapacity = 0;
    std::size_t m_entries = 0; ///< of the last frame
};

} // namespace ochre::vk
