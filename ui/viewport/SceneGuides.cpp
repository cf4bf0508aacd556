// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneGuides.h"

#include <algorithm>
#include <cmath>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr double kReaches = 20; ///< distances from the pivot, where the ground has faded
constexpr double kReach = 34;   ///< pixels of an axis in the corner
} // namespace

QColor axisColor(int axis) {
    return axis == 0 ? colors().bad : axis == 1 ? colors().good : colors().info;
}

std::optional<QLineF> seenLine(const Camera& camera, const Vec3& from, const Vec3& to) {
    Vec3 a = camera.toCamera(from), b = camera.toCamera(to);
    const double near = std::max(camera.near, 1e-6);
    if (a[2] < near && b[2] < near) return std::nullopt;
    for (auto [cut, other] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
        if ((*cut)[2] >= near) continue;
        const double share = (near - (*cut)[2]) / ((*other)[2] - (*cut)[2]);
        for (std::size_t k = 0; k < 3; ++k) (*cut)[k] += share * ((*other)[k] - (*cut)[k]);
    }
    const auto at = [&camera](const Vec3& p) {
        const double depth = camera.orthographic ? 1 : p[2];
        // Far beyond the edges the painter's own numbers run out.
        return QPointF(std::clamp(camera.fx * p[0] / depth + camera.cx, -1e5, 1e5),
                       std::clamp(camera.fy * p[1] / depth + camera.cy, -1e5, 1e5));
    };
    return QLineF(at(a), at(b));
}

Ground groundAround(const OrbitCamera& view, double scale) {
    const auto rgb = [](const QColor& c) { return std::array<float, 3>{c.redF(), c.greenF(), c.blueF()}; };
    return {.step = std::pow(10.0, std::floor(std::log10(std::max(view.distance(), 1e-9) / 2))),
            .middle = view.pivot(),
            .reach = kReaches * view.distance(),
            .width = std::max(scale, 0.5),
            .line = rgb(colors().textLow),
            .x = rgb(axisColor(0)),
            .y = rgb(axisColor(1)),
            .z = rgb(axisColor(2))};
}

void paintBox(QPainter& p, const Camera& camera, const Bounds& box) {
    QColor color = colors().textMid;
    color.setAlphaF(0.8f);
    p.setPen(QPen(color, 1));
    for (unsigned corner = 0; corner < 8; ++corner)
        for (unsigned axis = 0; axis < 3; ++axis) {
            if (corner >> axis & 1) continue;
            Vec3 from, to;
            for (unsigned k = 0; k < 3; ++k) {
                from[k] = corner >> k & 1 ? box.max[k] : box.min[k];
                to[k] = k == axis ? box.max[k] : from[k];
            }
            if (const auto line = seenLine(camera, from, to)) p.drawLine(*line);
        }
}

void paintAxes(QPainter& p, const Camera& camera, const QRectF& area, bool grounded) {
    const QPointF middle(area.left() + 48, area.bottom() - 48);
    if (grounded) {
        QColor ground = colors().canvas;
        ground.setAlphaF(0.6f);
        p.setPen(Qt::NoPen);
        p.setBrush(ground);
        p.drawEllipse(middle, kReach * 1.3, kReach * 1.3);
    }
    const auto& m = camera.worldToCamera;
    std::array<int, 3> order{0, 1, 2}; // the furthest first
    const auto depth = [&m](int axis) {
        return m[8 + static_cast<std::size_t>(axis)] * (axis == 1 ? -1 : 1);
    };
    std::sort(order.begin(), order.end(), [&](int a, int b) { return depth(a) > depth(b); });
    p.setFont(ochre::ui::font(TextRole::Secondary));
    for (const int axis : order) {
        const auto k = static_cast<std::size_t>(axis);
        const double sign = axis == 1 ? -1 : 1; // y is shown upwards, where it is less
        const QPointF tip = middle + kReach * sign * QPointF(m[k], m[4 + k]);
        p.setPen(QPen(axisColor(axis), 2, Qt::SolidLine, Qt::RoundCap));
        p.drawLine(middle, tip);
        p.setPen(axisColor(axis));
        const QPointF out = kReach * 0.3 * sign * QPointF(m[k], m[4 + k]);
        p.drawText(QRectF(tip + out - QPointF(10, 8), QSizeF(20, 16)), Qt::AlignCenter,
                   axis == 0   ? QStringLiteral("X")
                   : axis == 1 ? QStringLiteral("−Y")
                               : QStringLiteral("Z"));
    }
}

void paintLabel(QPainter& p, QPointF at, const QString& text) {
    p.setFont(font(TextRole::Secondary));
    const QFontMetricsF m(p.font());
    const QRectF box(at + QPointF(14, 10), QSizeF(m.horizontalAdvance(text) + 3 * metrics::kGrid, 22));
    p.setPen(Qt::NoPen);
    p.setBrush(colors().surface2);
    p.drawRoundedRect(box, 4, 4);
    p.setPen(colors().textHigh);
    p.drawText(box, Qt::AlignCenter, text);
}

} // namespace ochre::ui
