// SPDX-License-Identifier: GPL-3.0-or-later
// The scene on the device and, for each camera, the splats that it sees: culled, projected and sorted by depth.
#pragma once

#include <memory>
#include <span>

#include "core/render/ItemView.h"
#include "core/render/vulkan/GpuCloud.h"
#include "core/render/vulkan/Sorter.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {

/// What most dispatches need: groups of kGroupSize for so many invocations, in rows of kMostGroups.
struct Groups {
    explicit Groups(std::uint32_t invocations);
    std::uint32_t across, down;
};

class Projection {
public:
    explicit Projection(Device& device);

    /// Uploads the clouds that are not there yet and drops those that are no longer needed. Throws Error (Memory) when they do
    /// not fit; the scene is then empty.
    void setScene(Commands& commands, std::span<const SceneItem> items);

    /// Fills the buffers below; leaves a batch of commands open, whose last step is the sort. The camera sees only what touches
    /// the centre of a pixel with an alpha that counts.
    void run(Commands& commands, const Camera& camera, const SplatOptions& options, const Cancel& cancel);
    /// Of the splats that the camera of the last run sees, into the open batch.
    void makeNormals(Commands& commands);

    std::uint32_t visible() const { return m_visible; }
    const Buffer& records() const { return m_records; } ///< texels: Drawn of each, in the scene's order
    const Buffer& list() const { return m_list; }       ///< texels: its number in the scene
    const Buffer& order() const { return m_order; }     ///< texels: which records, nearest first
    const Buffer& normals() const { return m_normals; } ///< 8 bytes each, or too few for all

    std::span<const SceneItem> items() const { return m_items; }
    /// The first splat of each item, counted over those that are visible; an invisible item has that of the one behind it.
    const std::vector<std::uint32_t>& firsts() const { return m_firsts; }
    std::size_t uploaded() const { return m_uploaded; } ///< bytes of clouds, so far
    FrameCounts counts() const;                         ///< of the last run, once its batch is done

private:
    /// The colours of an item's splats from where the camera is.
    struct Colors {
        std::vector<Buffer> parts; ///< as the cloud's
        Vec3 eye{};
        std::uint32_t degree = 0, stamp = 0;
        bool orthographic = false;
    };
    /// A part of a visible item's cloud.
    struct Part {
        std::size_t item, part;
        std::uint32_t count, base, within; ///< base: its first splat of the scene, within: of the item
        std::uint32_t firstWord, words;
        std::uint32_t first = 0, visible = 0; ///< of the visible ones
    };
    void listParts();
    void sendMarks(std::span<const SceneItem> before);
    void sendExtras();
    void keepColors(std::span<const SceneItem> before);
    void freshenColors(Commands& commands, std::size_t item);
    const Buffer& marksOf(std::size_t item) const { return m_views[item].marks ? m_marks[item] : m_extras; }
    shared::ProjectParams paramsOf(const Part& part) const;
    float thinning(Commands& commands, std::size_t most, const Cancel& cancel);
    void cull(Commands& commands, const Cancel& cancel);
    void reserveVisible();

    Device& m_device;
    Kernel m_cull, m_lister, m_project;
    std::unique_ptr<Kernel> m_makeNormals, m_sample; ///< made when first needed
    Sorter m_sorter;
    std::vector<SceneItem> m_items;
    std::vector<ItemView> m_views;                   ///< of the last run
    std::vector<std::shared_ptr<GpuCloud>> m_clouds; ///< of the items; several may share one
    std::vector<std::uint32_t> m_firsts;
    std::vector<Part> m_parts;
    std::vector<Buffer> m_marks; ///< of each item; empty where it has none
    std::vector<Colors> m_colors;
    std::size_t m_uploaded = 0;
    Buffer m_extras;         ///< of the items, written by the host
    Buffer m_bits, m_counts; ///< a word for 32 splats
    Buffer m_totals, m_read, m_shaded, m_bins, m_binsRead;
    Buffer m_list, m_records, m_keys, m_order, m_normals;
    float m_thin = 0; ///< see shared::ProjectParams
    std::uint32_t m_total = 0, m_words = 0, m_visible = 0, m_capacity = 0;
};

} // namespace ochre::vk
