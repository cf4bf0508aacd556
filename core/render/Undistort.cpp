// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Undistort.h"

#include <algorithm>
#include <cmath>

#include "core/base/TaskPool.h"
#include "core/render/Picture.h"

namespace ochre {
namespace {
constexpr std::size_t kRows = 8; // of a task
constexpr double kMargin = 0.5;  ///< pixels that a place may lie outside, where the photo's edge still counts
}

Image undistorted(const Image& photo, const PhotoCamera& camera, const Cancel& cancel) {
    if (!camera.lens.bends() || photo.empty()) return photo;
    const Image from = displayRgba(photo);
    Image to(photo.width(), photo.height(), 4, ColorSpace::Srgb);
    float* values = to.edit().data();
    const Camera& c = camera.camera;
    const int width = to.width(), height = to.height();
    const double sx = static_cast<double>(width) / c.width, sy = static_cast<double>(height) / c.height;
    TaskPool::shared().parallelFor(static_cast<std::size_t>(height), kRows, [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y)
            for (int x = 0; x < width; ++x) {
                const auto [bx, by] = camera.lens.bent(((x + 0.5) / sx - c.cx) / c.fx, ((static_cast<double>(y) + 0.5) / sy - c.cy) / c.fy);
                const double px = (c.fx * bx + c.cx) * sx - 0.5, py = (c.fy * by + c.cy) * sy - 0.5;
                if (!(px >= -kMargin && py >= -kMargin && px <= width - 1 + kMargin && py <= height - 1 + kMargin)) continue;
                const double left = std::clamp(px, 0.0, width - 1.0), top = std::clamp(py, 0.0, height - 1.0);
                const int x0 = static_cast<int>(left), y0 = static_cast<int>(top), x1 = std::min(x0 + 1, width - 1), y1 = std::min(y0 + 1, height - 1);
                const auto fx = static_cast<float>(left - x0), fy = static_cast<float>(top - y0);
                const float *a = from.pixel(x0, y0), *b = from.pixel(x1, y0), *d = from.pixel(x0, y1), *e = from.pixel(x1, y1);
                float* out = values + 4 * (y * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
                for (std::size_t k = 0; k < 4; ++k) out[k] = (1 - fy) * ((1 - fx) * a[k] + fx * b[k]) + fy * ((1 - fx) * d[k] + fx * e[k]);
            }
    }, cancel);
    return to;
}

} // namespace ochre
