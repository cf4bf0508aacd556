// SPDX-License-Identifier: GPL-3.0-or-later
// From the sums that renderers make for each pixel to the planes that were asked for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/render/Renderer.h"

namespace ochre {

/// What a walk over a pixel's splats, nearest first, leaves. T is the light that the splats before let through. The shader that
/// fills these as well has the same layout.
struct PlanePixel {
    float red = 0, green = 0, blue = 0, alpha = 0; ///< premultiplied, without a background
    float depth = 0;                               ///< Σ z·α·T
    float median = 0;                              ///< z of `splat`, else 0
    float normal[3] = {0, 0, 0};                   ///< Σ n·α·T
    std::uint32_t splat = SplatId::kNone;          ///< where T first is a half or less; counted over all items
};

class PlaneWriter {
public:
    /// `firsts`: the first splat of each item, counted over all.
    PlaneWriter(std::span<const Plane> wanted, int width, int height, std::vector<std::uint32_t> firsts,
                std::optional<std::array<float, 3>> background);

    bool wants(Plane plane) const;
    /// Safe from several threads at once for different pixels.
    void put(std::size_t pixel, const PlanePixel& from);
    Planes take();

private:
    Image make(Plane plane, int channels, float*& values);

    std::vector<Plane> m_wanted;
    int m_width, m_height;
    std::vector<std::uint32_t> m_firsts;
    std::optional<std::array<float, 3>> m_background;
    Planes m_planes;
    float *m_color = nullptr, *m_alpha = nullptr, *m_depth = nullptr, *m_median = nullptr, *m_normals = nullptr;
};

} // namespace ochre
