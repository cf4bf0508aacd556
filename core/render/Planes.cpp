// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Planes.h"

#include <algorithm>
#include <cmath>

#include "core/render/Picture.h"

namespace ochre {

PlaneWriter::PlaneWriter(std::span<const Plane> wanted, int width, int height, std::vector<std::uint32_t> firsts,
                         std::optional<std::array<float, 3>> background)
    : m_wanted(wanted.begin(), wanted.end()), m_width(width), m_height(height), m_firsts(std::move(firsts)),
      m_background(background) {
    m_planes.color = make(Plane::Color, 4, m_color);
    m_planes.alpha = make(Plane::Alpha, 1, m_alpha);
    m_planes.depth = make(Plane::Depth, 1, m_depth);
    m_planes.medianDepth = make(Plane::MedianDepth, 1, m_median);
    m_planes.normals = make(Plane::Normals, 3, m_normals);
    if (wants(Plane::Id)) m_planes.ids.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
}

Image PlaneWriter::make(Plane plane, int channels, float*& values) {
    if (!wants(plane)) return {};
    Image image(m_width, m_height, channels, ColorSpace::Raw);
    values = image.edit().data();
    return image;
}

bool PlaneWriter::wants(Plane plane) const {
    return std::find(m_wanted.begin(), m_wanted.end(), plane) != m_wanted.end();
}

void PlaneWriter::put(std::size_t pixel, const PlanePixel& from) {
    if (m_color) {
        float* to = m_color + 4 * pixel;
        to[0] = from.red, to[1] = from.green, to[2] = from.blue, to[3] = from.alpha;
    }
    if (m_alpha) m_alpha[pixel] = from.alpha;
    if (m_depth) m_depth[pixel] = from.alpha > 0 ? from.depth / from.alpha : 0;
    if (m_median) m_median[pixel] = from.median;
    if (m_normals) {
        const float length = std::hypot(from.normal[0], from.normal[1], from.normal[2]);
        for (std::size_t k = 0; k < 3; ++k) m_normals[3 * pixel + k] = length > 0 ? from.normal[k] / length : 0;
    }
    if (!m_planes.ids.empty() && from.splat != SplatId::kNone) {
        const auto item = std::upper_bound(m_firsts.begin(), m_firsts.end(), from.splat) - m_firsts.begin() - 1;
        const auto index = static_cast<std::size_t>(item);
        m_planes.ids[pixel] = {static_cast<std::uint32_t>(index), from.splat - m_firsts[index]};
    }
}

Planes PlaneWriter::take() {
    if (m_background && m_color) layOver(*m_background, m_planes.color);
    return std::move(m_planes);
}

} // namespace ochre
