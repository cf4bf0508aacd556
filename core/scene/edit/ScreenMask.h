// SPDX-License-Identifier: GPL-3.0-or-later
// Regions of a picture as pixels.
#pragma once

#include <cstdint>
#include <vector>

#include "core/scene/edit/SplatQuery.h"

namespace ochre {

class ScreenMask {
public:
    /// Pixels whose centres are inside. Throws Error where there are too few points or one is no number.
    explicit ScreenMask(const ScreenRegion& region);

    bool at(double x, double y) const { ///< of the pixel that holds the point; outside of the picture: no
        return x >= 0 && y >= 0 && x < m_width && y < m_height &&
               m_inside[static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width) + static_cast<std::size_t>(x)] != 0;
    }
    const std::vector<std::uint8_t>& inside() const { return m_inside; } ///< 1 or 0 a pixel: [height, width]

private:
    void fillRows(double top, double bottom, const auto& spans);
    void fillLasso(const std::vector<Point2>& points);
    void fillStroke(const Point2& from, const Point2& to, double radius);

    int m_width, m_height;
    std::vector<std::uint8_t> m_inside; ///< [height, width]
};

} // namespace ochre
