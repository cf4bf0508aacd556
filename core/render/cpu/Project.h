// SPDX-License-Identifier: GPL-3.0-or-later
// A scene seen by a camera: which splats can be seen, where they lie in the picture, and their colours.
#pragma once

#include <array>
#include <vector>

#include "core/base/TaskPool.h"
#include "core/render/ItemView.h"
#include "core/render/cpu/Raster.h"
#include "core/render/cpu/Sort.h"

namespace ochre::raster {

class Projection {
public:
    explicit Projection(const Kernels& kernels) : m_kernels(kernels) {}

    /// What is computed of a cloud stays for as long as it keeps its place among the items.
    void setScene(std::span<const SceneItem> items);
    /// Entries of what can be seen, in the order of the items and their clouds. Colours are kept for as long as the camera's place
    /// in an item's frame is the same.
    void run(const Camera& camera, const SplatOptions& options, Pages<Entry>& seen, TaskPool& pool, const Cancel& cancel);
    const Drawn* drawn() const { return m_drawn.data(); } ///< one a splat of the scene; valid where it can be seen
    /// Of what can be seen, in the world and turned to the camera; the others are undefined.
    const Normal* normals(const Pages<Entry>& seen, TaskPool& pool, const Cancel& cancel);
    std::span<const SceneItem> items() const { return m_items; }

private:
    struct Part { ///< what is known of an item
        Splats splats;
        Bounds bounds;
        long first;            ///< of its splats, counted over all
        Vec3 shadedFrom{};
        int shadedRest = -1;
        bool shadedParallel = false;
        std::shared_ptr<const std::vector<SplatMark>> shadedMarks{};
        std::array<SplatTint, 2> shadedTints{};
        std::optional<ItemLook> shadedLook{};
        ItemView view{};       ///< of the last run
    };
    struct Chunk {
        std::size_t part;
        long begin, end;       ///< within the part
        std::size_t found;     ///< how many can be seen
    };

    void cut();
    bool shadeAnew(Part& part, const SceneItem& item, int usedRest);
    void projectChunk(const View& view, const DepthKeys& keys, Chunk& chunk);

    const Kernels& m_kernels;
    std::vector<SceneItem> m_items;
    std::vector<Part> m_parts;
    std::vector<Chunk> m_chunks;
    Pages<Drawn> m_drawn;
    Pages<Normal> m_normals;
    std::vector<std::uint8_t> m_shaded;  ///< whether a splat's colour is that of its part's shadedFrom
    Pages<Entry> m_found;                ///< a chunk's entries from the chunk's first place on
};

} // namespace ochre::raster
