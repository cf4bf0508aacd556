// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/ScreenMask.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre {
namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;

/// How many pixels the view has.
std::size_t check(const ScreenRegion& region) {
    using Shape = ScreenRegion::Shape;
    const std::int64_t pixels = std::int64_t{region.camera.width} * region.camera.height;
    if (pixels > kMostPixels)
        throw Error(fmt::format("a region of a view of {} × {} pixels", region.camera.width, region.camera.height),
                    fmt::format("at most {} are possible", kMostPixels));
    const std::size_t least = region.shape == Shape::Rectangle ? 2 : region.shape == Shape::Lasso ? 3 : 1;
    if (region.points.size() < least || (region.shape == Shape::Rectangle && region.points.size() != 2))
        throw Error(fmt::format("a region of {} points", region.points.size()),
                    "a rectangle has two corners, a lasso at least three points, a stroke at least one");
    for (const Point2& point : region.points)
        if (!std::isfinite(point[0]) || !std::isfinite(point[1]))
            throw Error(fmt::format("a region with a point at {}, {}", point[0], point[1]), "points are pixels of the view");
    if (region.shape == Shape::Brush && !(region.radius > 0 && std::isfinite(region.radius)))
        throw Error(fmt::format("a brush of radius {}", region.radius), "it must be a positive number of pixels");
    return static_cast<std::size_t>(pixels);
}

/// The first pixel whose centre is at or past `edge`, within 0…count.
int firstPixel(double edge, int count) {
    return static_cast<int>(std::clamp(std::ceil(edge - 0.5), 0.0, static_cast<double>(count)));
}

double squared(double v) {
    return v * v;
}

} // namespace

ScreenMask::ScreenMask(const ScreenRegion& region)
    : m_width(region.camera.width), m_height(region.camera.height),
      m_inside(check(region)) {
    const std::vector<Point2>& p = region.points;
    switch (region.shape) {
    case ScreenRegion::Shape::Rectangle: {
        const double left = std::min(p[0][0], p[1][0]), right = std::max(p[0][0], p[1][0]);
        fillRows(std::min(p[0][1], p[1][1]), std::max(p[0][1], p[1][1]), [&](double, auto&& fill) { fill(left, right); });
        break;
    }
    case ScreenRegion::Shape::Lasso: fillLasso(p); break;
    case ScreenRegion::Shape::Brush:
        fillStroke(p[0], p[0], region.radius);
        for (std::size_t i = 1; i < p.size(); ++i) fillStroke(p[i - 1], p[i], region.radius);
        break;
    }
}

/// spans(y, fill) calls fill(left, right) for what is inside at the height of a row's centre.
void ScreenMask::fillRows(double top, double bottom, const auto& spans) {
    const int last = firstPixel(bottom, m_height);
    for (int row = firstPixel(top, m_height); row < last; ++row)
        spans(row + 0.5, [&](double left, double right) {
            const auto line = m_inside.begin() + static_cast<std::ptrdiff_t>(row) * m_width;
            const int from = firstPixel(left, m_width), to = firstPixel(right, m_width);
            if (from < to) std::fill(line + from, line + to, std::uint8_t{1});
        });
}

void ScreenMask::fillLasso(const std::vector<Point2>& points) {
    double top = points[0][1], bottom = top;
    for (const Point2& point : points) {
        top = std::min(top, point[1]);
        bottom = std::max(bottom, point[1]);
    }
    std::vector<double> crossings;
    fillRows(top, bottom, [&](double y, auto&& fill) {
        crossings.clear();
        for (std::size_t i = 0; i < points.size(); ++i) {
            const Point2 &a = points[i], &b = points[(i + 1) % points.size()];
            if ((a[1] <= y) == (b[1] <= y)) continue;
            crossings.push_back(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
        }
        std::sort(crossings.begin(), crossings.end());
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) fill(crossings[i], crossings[i + 1]);
    });
}

/// All within the radius of the line from one point to the other: convex, so that a row's part is one piece.
void ScreenMask::fillStroke(const Point2& from, const Point2& to, double radius) {
    const double dx = to[0] - from[0], dy = to[1] - from[1], length = std::hypot(dx, dy);
    fillRows(std::min(from[1], to[1]) - radius, std::max(from[1], to[1]) + radius, [&](double y, auto&& fill) {
        double left = INFINITY, right = -INFINITY;
        const auto take = [&](double a, double b) {
            left = std::min(left, a);
            right = std::max(right, b);
        };
        for (const Point2& end : {from, to})
            if (const double square = squared(radius) - squared(y - end[1]); square >= 0)
                take(end[0] - std::sqrt(square), end[0] + std::sqrt(square));
        // The sides of the rectangle between both ends: where the row crosses them, its part is as wide at least.
        for (const double side : {-radius, radius}) {
            if (length == 0 || dy == 0) continue;
            const double startX = from[0] - side * dy / length, startY = from[1] + side * dx / length;
            const double share = (y - startY) / dy;
            if (share >= 0 && share <= 1) take(startX + share * dx, startX + share * dx);
        }
        if (left <= right) fill(left, right);
    });
}

} // namespace ochre
