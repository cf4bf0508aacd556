// SPDX-License-Identifier: GPL-3.0-or-later
// A cloud seen by a camera: which splats can be seen, where they lie in the picture, and their colours.
#pragma once

#include <vector>

#include "core/base/TaskPool.h"
#include "core/render/Renderer.h"
#include "core/render/cpu/Raster.h"
#include "core/render/cpu/Sort.h"

namespace ochre::raster {

class Projection {
public:
    explicit Projection(const Kernels& kernels) : m_kernels(kernels) {}

    void setSplats(const SplatCloud& cloud);
    /// Entries of what can be seen, in the order of the cloud. Colours are kept for as long as the camera's place is the same.
    void run(const Camera& camera, const SplatOptions& options, Pages<Entry>& seen, TaskPool& pool, const Cancel& cancel);
    const Drawn* drawn() const { return m_drawn.data(); } ///< one a splat of the cloud; valid where it can be seen

private:
    void projectChunk(const View& view, const DepthKeys& keys, long chunk);

    const Kernels& m_kernels;
    SplatCloud m_cloud;
    Bounds m_bounds;
    Splats m_splats;
    Pages<Drawn> m_drawn;
    std::vector<std::uint8_t> m_shaded;  ///< whether a splat's colour is that of m_shadedFrom
    Vec3 m_shadedFrom{};
    int m_shadedRest = -1;
    Pages<Entry> m_found;          ///< a chunk's entries from the chunk's first place on
    std::vector<std::size_t> m_counts;   ///< how many those are
};

} // namespace ochre::raster
