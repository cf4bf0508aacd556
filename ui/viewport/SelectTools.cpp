// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SelectTools.h"

#include <algorithm>
#include <cmath>

#include "core/scene/SplatValues.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneGuides.h"

namespace ochre::ui {
namespace {

constexpr double kClick = 3;            ///< pixels: a shorter drag is a click
constexpr double kStroke = 3;           ///< pixels between the points of a stroke
constexpr double kTolerance = 0.12, kMostTolerance = 1.8, kTolerancePerPixel = 0.0025;

double apart(QPointF a, QPointF b) {
    return std::hypot(a.x() - b.x(), a.y() - b.y());
}
QPointF point(const Point2& p) {
    return {p[0], p[1]};
}

void setLines(QPainter& p) {
    p.setPen(QPen(colors().accent, 1.5));
    QColor inside = colors().accent;
    inside.setAlphaF(0.12f);
    p.setBrush(inside);
}

} // namespace

bool RegionTool::press(QPointF at, Qt::KeyboardModifiers) {
    m_points = {{at.x(), at.y()}};
    m_view.update();
    return true;
}

void RegionTool::move(QPointF at, Qt::KeyboardModifiers) {
    m_pointer = at;
    if (m_shape == Shape::Rectangle)
        m_points.resize(1);
    else if (apart(at, point(m_points.back())) < kStroke)
        return m_view.update();
    m_points.push_back({at.x(), at.y()});
    m_view.update();
}

void RegionTool::release(QPointF at, Qt::KeyboardModifiers modifiers) {
    const std::vector<Point2> points = std::exchange(m_points, {});
    m_view.update();
    const bool dragged =
        points.size() > 1 && (points.size() > 2 || apart(point(points.front()), at) >= kClick);
    if (!dragged && m_shape != Shape::Brush) return selectOne(at, modifiers);
    if (m_shape == Shape::Lasso && points.size() < 3) return;
    m_edits.select(ScreenRegion{m_view.viewCamera(), m_shape, points, m_shape == Shape::Brush ? m_radius : 0},
                   modifiers);
}

void RegionTool::selectOne(QPointF at, Qt::KeyboardModifiers modifiers) {
    m_view.pick(at, [this, modifiers](const std::optional<Picked>& what) {
        const bool replaces = SceneEdits::combineOf(modifiers) == edits::Combine::Replace;
        if (!what && (!replaces || m_edits.state().selected == 0)) return;
        const auto splat = what ? m_edits.state().splatOf(what->item, what->splat) : std::nullopt;
        m_edits.apply(
            {QStringLiteral("Select one splat"), [splat, modifiers](const SplatEditor& editor) {
                 SplatMask one(editor.count());
                 if (splat && *splat < editor.count()) one.set(*splat);
                 return std::vector<SplatEdit>{edits::Select{Listed{one}, SceneEdits::combineOf(modifiers)}};
             }});
    });
}

void RegionTool::cancel() {
    m_points.clear();
    m_view.update();
}

void RegionTool::hover(QPointF at) {
    m_pointer = at;
    if (m_shape == Shape::Brush) m_view.update();
}

void RegionTool::resizeBrush(double factor) {
    m_radius = std::clamp(m_radius * factor, 2.0, 400.0);
    m_view.update();
}

bool RegionTool::wheel(double notches, Qt::KeyboardModifiers modifiers) {
    if (m_shape != Shape::Brush || !(modifiers & Qt::ControlModifier)) return false;
    resizeBrush(std::pow(1.15, notches));
    return true;
}

void RegionTool::paint(QPainter& p) {
    setLines(p);
    if (m_shape == Shape::Brush) {
        if (!m_points.empty()) {
            QColor color = colors().accent;
            color.setAlphaF(0.25f);
            p.setPen(QPen(color, 2 * m_radius, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            QPolygonF line;
            for (const Point2& at : m_points) line << point(at);
            if (line.size() == 1) line << line.front() + QPointF(0.01, 0);
            p.setBrush(Qt::NoBrush);
            p.drawPolyline(line);
        }
        p.setPen(QPen(colors().accent, 1.5));
        p.setBrush(Qt::NoBrush);
        if (m_pointer) p.drawEllipse(*m_pointer, m_radius, m_radius);
    } else if (m_shape == Shape::Rectangle && m_points.size() == 2) {
        p.drawRect(QRectF(point(m_points[0]), point(m_points[1])).normalized());
    } else if (m_shape == Shape::Lasso && m_points.size() > 1) {
        QPolygonF line;
        for (const Point2& at : m_points) line << point(at);
        p.drawPolygon(line);
    }
}

bool ColorTool::press(QPointF at, Qt::KeyboardModifiers) {
    m_active = true;
    m_from = m_to = at;
    m_view.update();
    return true;
}

void ColorTool::move(QPointF at, Qt::KeyboardModifiers) {
    m_to = at;
    m_view.update();
}

double ColorTool::tolerance() const {
    return std::clamp(kTolerance + kTolerancePerPixel * (m_to.x() - m_from.x()), 0.0, kMostTolerance);
}

void ColorTool::release(QPointF at, Qt::KeyboardModifiers modifiers) {
    m_to = at;
    m_active = false;
    m_view.update();
    m_view.pick(m_from, [this, modifiers, tolerance = tolerance()](const std::optional<Picked>& what) {
        const auto splat = what ? m_edits.state().splatOf(what->item, what->splat) : std::nullopt;
        if (!splat) return;
        m_edits.apply(
            {QStringLiteral("Select by colour"), [=](const SplatEditor& editor) {
                 if (*splat >= editor.count()) return std::vector<SplatEdit>{};
                 ColorRange range{.tolerance = tolerance};
                 for (std::size_t k = 0; k < 3; ++k)
                     range.color[k] = colorOf(editor.data().sh0[3 * *splat + k]);
                 return std::vector<SplatEdit>{edits::Select{range, SceneEdits::combineOf(modifiers)}};
             }});
    });
}

void ColorTool::cancel() {
    m_active = false;
    m_view.update();
}

void ColorTool::paint(QPainter& p) {
    if (!m_active) return;
    setLines(p);
    p.drawEllipse(m_from, 4, 4);
    paintLabel(p, m_to, QStringLiteral("± %1").arg(tolerance(), 0, 'f', 2));
}

} // namespace ochre::ui
