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
constexpr double kDefaultRadius = 0.05; ///< of the scene's
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
        m_edits.apply(
            {QStringLiteral("Select one splat"), [what, modifiers](const SplatEditor& editor) {
                 SplatMask one(editor.count());
                 if (what && what->splat < editor.count()) one.set(what->splat);
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

bool SolidTool::press(QPointF at, Qt::KeyboardModifiers) {
    m_active = true;
    m_from = m_to = at;
    m_center.reset();
    m_released.reset();
    m_view.pick(at, [this](const std::optional<Picked>& what) {
        if (!m_active) return;
        if (!what) return cancel();
        m_center = what->place;
        m_view.update();
        if (m_released) finish();
    });
    return true;
}

void SolidTool::move(QPointF at, Qt::KeyboardModifiers) {
    m_to = at;
    m_view.update();
}

void SolidTool::release(QPointF at, Qt::KeyboardModifiers modifiers) {
    m_to = at;
    m_released = modifiers;
    if (m_active && m_center) finish();
}

double SolidTool::radius() const {
    const Camera camera = m_view.viewCamera();
    const double pixels = apart(m_from, m_to),
                 depth = camera.orthographic ? 1 : camera.toCamera(*m_center)[2];
    return pixels < kClick ? kDefaultRadius * m_view.camera().sceneRadius() : pixels * depth / camera.fx;
}

void SolidTool::finish() {
    const double size = radius();
    if (m_box)
        m_edits.select(BoxRegion{.center = *m_center, .half = {size, size, size}}, *m_released);
    else
        m_edits.select(SphereRegion{*m_center, size}, *m_released);
    cancel();
}

void SolidTool::cancel() {
    m_active = false;
    m_center.reset();
    m_view.update();
}

void SolidTool::paint(QPainter& p) {
    if (!m_center) return;
    const Camera camera = m_view.viewCamera();
    const double size = radius();
    setLines(p);
    if (!m_box) {
        const auto at = projected(camera, *m_center);
        const double pixels = size * camera.fx / (camera.orthographic ? 1 : camera.toCamera(*m_center)[2]);
        if (at) p.drawEllipse(point(*at), pixels, pixels);
        return;
    }
    for (unsigned corner = 0; corner < 8; ++corner)
        for (unsigned axis = 0; axis < 3; ++axis) {
            if (corner >> axis & 1) continue;
            Vec3 from, to;
            for (unsigned k = 0; k < 3; ++k) {
                from[k] = (*m_center)[k] + (corner >> k & 1 ? size : -size);
                to[k] = k == axis ? (*m_center)[k] + size : from[k];
            }
            if (const auto line = seenLine(camera, from, to)) p.drawLine(*line);
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
        if (!what) return;
        m_edits.apply(
            {QStringLiteral("Select by colour"), [=](const SplatEditor& editor) {
                 if (what->splat >= editor.count()) return std::vector<SplatEdit>{};
                 ColorRange range{.tolerance = tolerance};
                 for (std::size_t k = 0; k < 3; ++k)
                     range.color[k] = colorOf(editor.data().sh0[3 * what->splat + k]);
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
