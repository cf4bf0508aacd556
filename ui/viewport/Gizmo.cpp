// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/Gizmo.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ui/theme/Theme.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneGuides.h"

namespace ochre::ui {
namespace {

constexpr double kArrow = 90, kRing = 64, kSquare = 6; ///< pixels
constexpr double kGrasp = 8;                           ///< pixels from a handle that still take hold of it
constexpr int kRingSides = 48;
constexpr double kSnapDegrees = 15, kSnapScale = 0.1;
constexpr double kPixelsPerFactor = 120; ///< a drag of so many to the right makes e times as large
constexpr double kDegrees = std::numbers::pi / 180;

QPointF point(const std::array<double, 2>& p) {
    return {p[0], p[1]};
}
Vec3 along(const Vec3& from, std::size_t axis, double way) {
    Vec3 to = from;
    to[axis] += way;
    return to;
}
double distanceTo(const QLineF& line, QPointF at) {
    const QPointF d = line.p2() - line.p1(), w = at - line.p1();
    const double square = QPointF::dotProduct(d, d),
                 t = square > 0 ? std::clamp(QPointF::dotProduct(w, d) / square, 0.0, 1.0) : 0;
    const QPointF away = w - t * d;
    return std::hypot(away.x(), away.y());
}
double snapped(double value, double step) {
    return std::round(value / step) * step;
}

} // namespace

std::optional<Vec3> SelectionTarget::middle() const {
    return m_edits.state().middle();
}

void SelectionTarget::change(const GizmoChange& c) {
    m_edits.apply({c.title,
                   [move = edits::Move{c.similarity, c.pivot}](const SplatEditor&) { return std::vector<SplatEdit>{move}; },
                   QStringLiteral("gizmo %1").arg(c.drag), c.keep});
}

void SelectionTarget::revert() {
    m_edits.revert();
}

std::optional<Vec3> Gizmo::pivot() const {
    if (m_held.part != Part::None) return m_pivot;
    return m_target.middle();
}

double Gizmo::reach(const Vec3& pivot) const {
    const Camera camera = m_view.viewCamera();
    return kArrow * (camera.orthographic ? 1 : camera.toCamera(pivot)[2]) / camera.fx;
}

QPolygonF Gizmo::ring(const Camera& camera, const Vec3& pivot, std::size_t axis) const {
    const double radius = reach(pivot) * kRing / kArrow;
    QPolygonF line;
    for (int i = 0; i <= kRingSides; ++i) {
        const double a = 2 * std::numbers::pi * i / kRingSides;
        Vec3 p = pivot;
        p[(axis + 1) % 3] += radius * std::cos(a);
        p[(axis + 2) % 3] += radius * std::sin(a);
        if (const auto at = projected(camera, p)) line << point(*at);
    }
    return line;
}

std::optional<QPointF> Gizmo::place(const Handle& handle) const {
    const auto middle = pivot();
    const Camera camera = m_view.viewCamera();
    if (!middle || !projected(camera, *middle)) return std::nullopt;
    if (handle.part == Part::Turn) {
        const QPolygonF line = ring(camera, *middle, handle.axis);
        return line.isEmpty() ? std::nullopt : std::optional(line[kRingSides / 8]);
    }
    const auto at =
        projected(camera, handle.part == Part::Move ? along(*middle, handle.axis, reach(*middle)) : *middle);
    return at ? std::optional(point(*at)) : std::nullopt;
}

Gizmo::Handle Gizmo::handleAt(QPointF at) const {
    const auto middle = pivot();
    const Camera camera = m_view.viewCamera();
    const auto centre = middle ? projected(camera, *middle) : std::nullopt;
    if (!centre) return {};
    if (std::hypot(at.x() - (*centre)[0], at.y() - (*centre)[1]) <= kSquare + 3) return {Part::Scale, 0};
    Handle found;
    double best = kGrasp;
    const auto consider = [&](Part part, std::size_t axis, double distance) {
        if (distance < best) best = distance, found = {part, axis};
    };
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (const auto line = seenLine(camera, *middle, along(*middle, axis, reach(*middle))))
            consider(Part::Move, axis, distanceTo(*line, at));
        const QPolygonF around = ring(camera, *middle, axis);
        for (qsizetype i = 0; i + 1 < around.size(); ++i)
            consider(Part::Turn, axis, distanceTo({around[i], around[i + 1]}, at) + 0.5);
    }
    return found;
}

bool Gizmo::press(QPointF at, Qt::KeyboardModifiers) {
    const Handle handle = handleAt(at);
    const auto middle = pivot();
    if (handle.part == Part::None || !middle) return false;
    m_pivot = *middle;
    m_held = handle;
    m_from = at;
    m_change = {};
    ++m_drags;
    m_view.update();
    return true;
}

Similarity Gizmo::change(QPointF at, bool snaps) const {
    const Camera camera = m_view.viewCamera();
    Similarity s;
    if (m_held.part == Part::Scale) {
        s.scale = std::exp((at.x() - m_from.x()) / kPixelsPerFactor);
        if (snaps) s.scale = std::max(kSnapScale, snapped(s.scale, kSnapScale));
        return s;
    }
    const auto middle = projected(camera, m_pivot);
    if (!middle) return s;
    if (m_held.part == Part::Move) {
        const double length = reach(m_pivot);
        const auto tip = projected(camera, along(m_pivot, m_held.axis, length));
        if (!tip) return s;
        const QPointF way = point(*tip) - point(*middle);
        const double square = QPointF::dotProduct(way, way);
        if (square < 1) return s; // seen along the axis
        double by = QPointF::dotProduct(at - m_from, way) / square * length;
        if (snaps) by = snapped(by, std::pow(10.0, std::floor(std::log10(length)) - 1));
        s.translation[m_held.axis] = by;
        return s;
    }
    const QPointF a = m_from - point(*middle), b = at - point(*middle);
    // Clockwise in the picture is a right-handed turn about what points away from the eye.
    const double away = camera.worldToCamera[8 + m_held.axis] >= 0 ? 1 : -1;
    double degrees =
        away * std::remainder(std::atan2(b.y(), b.x()) - std::atan2(a.y(), a.x()), 2 * std::numbers::pi) /
        kDegrees;
    if (snaps) degrees = snapped(degrees, kSnapDegrees);
    std::array<double, 3> turns{};
    turns[m_held.axis] = degrees;
    s.rotation = rotationOfDegrees(turns);
    return s;
}

void Gizmo::send(QPointF at, Qt::KeyboardModifiers modifiers, bool keep) {
    m_change = change(at, m_snapping != static_cast<bool>(modifiers & Qt::ControlModifier));
    if (m_change.isIdentity() && keep) return m_target.revert();
    const char* title = m_held.part == Part::Move ? "Move" : m_held.part == Part::Turn ? "Turn" : "Scale";
    m_target.change({QLatin1String(title), m_change, m_pivot, m_drags, keep});
    m_view.update();
}

void Gizmo::move(QPointF at, Qt::KeyboardModifiers modifiers) {
    send(at, modifiers, false);
}

void Gizmo::release(QPointF at, Qt::KeyboardModifiers modifiers) {
    send(at, modifiers, true);
    m_held = {};
}

void Gizmo::cancel() {
    if (m_held.part != Part::None) m_target.revert();
    m_held = {};
    m_view.update();
}

void Gizmo::hover(QPointF at) {
    const Handle now = handleAt(at);
    if (now != m_hovered) m_view.update();
    m_hovered = now;
}

void Gizmo::paint(QPainter& p) {
    auto middle = pivot();
    const Camera camera = m_view.viewCamera();
    if (!middle) return;
    if (m_held.part == Part::Move)
        for (std::size_t k = 0; k < 3; ++k) (*middle)[k] += m_change.translation[k];
    const auto centre = projected(camera, *middle);
    if (!centre) return;
    const Handle shown = m_held.part != Part::None ? m_held : m_hovered;
    const auto pen = [&](Part part, std::size_t axis, double width) {
        const bool on = shown == Handle{part, axis};
        QColor color = on ? colors().textHigh : axisColor(static_cast<int>(axis));
        if (m_held.part != Part::None && !on) color.setAlphaF(0.25f);
        p.setPen(QPen(color, on ? width + 1 : width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        p.setBrush(color);
    };
    for (std::size_t axis = 0; axis < 3; ++axis) {
        pen(Part::Turn, axis, 1.25);
        p.setBrush(Qt::NoBrush);
        p.drawPolyline(ring(camera, *middle, axis));
        pen(Part::Move, axis, 2);
        if (const auto line = seenLine(camera, *middle, along(*middle, axis, reach(*middle)))) {
            p.drawLine(*line);
            p.drawEllipse(line->p2(), 3.5, 3.5);
        }
    }
    const bool scales = shown.part == Part::Scale;
    p.setPen(QPen(colors().canvas, 1));
    p.setBrush(scales ? colors().textHigh : colors().textMid);
    p.drawRect(QRectF(point(*centre) - QPointF(kSquare, kSquare), QSizeF(2 * kSquare, 2 * kSquare)));
}

} // namespace ochre::ui
