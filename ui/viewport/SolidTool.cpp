// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SolidTool.h"

#include <algorithm>
#include <cmath>

#include "ui/theme/Theme.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneGuides.h"

namespace ochre::ui {
namespace {

using Handle = SolidTool::Handle;

constexpr double kClick = 3;                                  ///< pixels: a shorter drag is a click
constexpr double kArrow = 56, kSquare = 5, kDot = 4, kGrasp = 9; ///< pixels
constexpr double kDefaultRadius = 0.05, kProposed = 0.25;     ///< of the scene's
constexpr double kLeast = 1e-6;                               ///< of the scene's

double apart(QPointF a, QPointF b) {
    return std::hypot(a.x() - b.x(), a.y() - b.y());
}
QPointF point(const std::array<double, 2>& p) {
    return {p[0], p[1]};
}
int number(Handle handle, Handle first) {
    return static_cast<int>(handle) - static_cast<int>(first);
}
bool isAxis(Handle h) {
    return h >= Handle::AxisX && h <= Handle::AxisZ;
}
bool isSide(Handle h) {
    return h >= Handle::LowX && h <= Handle::HighZ;
}
std::size_t axisOf(Handle h) {
    return static_cast<std::size_t>(number(h, isAxis(h) ? Handle::AxisX : Handle::LowX) % 3);
}
double sideOf(Handle h) {
    return h >= Handle::HighX ? 1 : -1;
}
Vec3 along(Vec3 from, std::size_t axis, double way) {
    from[axis] += way;
    return from;
}

} // namespace

SolidTool::SolidTool(SceneView& view, SceneEdits& edits, bool box) : m_view(view), m_edits(edits), m_box(box) {
    connect(&m_edits, &SceneEdits::applied, this, [this](const QString& key) {
        if (key != m_key) forget();
    });
    connect(&m_edits, &SceneEdits::replaced, this, &SolidTool::forget);
}

void SolidTool::begin() {
    static int solids = 0;
    m_key = QStringLiteral("solid %1").arg(++solids);
}

void SolidTool::forget() {
    m_new = false;
    m_held = m_hovered = Handle::None;
    if (!std::exchange(m_solid, std::nullopt)) return;
    m_view.update();
    Q_EMIT changed();
}

void SolidTool::send(bool keep) {
    const edits::Select select = m_box ? edits::Select{BoxRegion{.center = m_solid->center, .half = m_solid->half}, SceneEdits::combineOf(m_modifiers)}
                                       : edits::Select{SphereRegion{m_solid->center, m_solid->half[0]}, SceneEdits::combineOf(m_modifiers)};
    m_edits.apply({QString::fromStdString(labelOf(select)), [select](const SplatEditor&) { return std::vector<SplatEdit>{select}; }, m_key, keep});
    m_view.update();
    Q_EMIT changed();
}

bool SolidTool::press(QPointF at, Qt::KeyboardModifiers modifiers) {
    m_from = m_to = at;
    m_held = handleAt(at);
    if (m_held != Handle::None) {
        m_before = *m_solid;
        return true;
    }
    forget();
    begin();
    m_new = true;
    m_released = false;
    m_modifiers = modifiers;
    m_view.pick(at, [this, key = m_key](const std::optional<Picked>& what) {
        if (!m_new || key != m_key) return;
        if (!what) return forget();
        m_before = {what->place, {}};
        m_solid = dragged(m_to);
        if (apart(m_from, m_to) >= kClick || m_released) send(m_released);
        if (m_released) m_new = false;
        m_view.update();
    });
    return true;
}

void SolidTool::move(QPointF at, Qt::KeyboardModifiers modifiers) {
    m_to = at;
    if (m_new) m_modifiers = modifiers;
    if (!m_solid) return;
    m_solid = dragged(at);
    if (!m_new || apart(m_from, at) >= kClick) send(false);
}

void SolidTool::release(QPointF at, Qt::KeyboardModifiers modifiers) {
    m_to = at;
    m_released = true;
    if (m_new) m_modifiers = modifiers;
    if (!m_solid) return; // once it is known what is seen
    m_solid = dragged(at);
    if (m_new || apart(m_from, at) > 0) send(true);
    m_new = false;
    m_held = Handle::None;
    m_view.update();
}

void SolidTool::cancel() {
    if (m_new) {
        forget();
        m_edits.revert();
    } else if (m_held != Handle::None) {
        m_held = Handle::None;
        m_solid = m_before;
        send(true);
    }
}

void SolidTool::hover(QPointF at) {
    const Handle now = handleAt(at);
    if (std::exchange(m_hovered, now) != now) m_view.update();
}

Solid SolidTool::proposed() const {
    if (m_solid) return *m_solid;
    const Focus focus = m_view.scene().focus();
    const double size = kProposed * focus.radius;
    return {focus.center, {size, size, size}};
}

void SolidTool::set(const Solid& solid, bool keep) {
    if (!m_solid) {
        begin();
        m_modifiers = {};
    }
    m_solid = solid;
    for (double& half : m_solid->half) half = std::max(half, kLeast * m_view.camera().sceneRadius());
    send(keep);
}

bool SolidTool::finish() {
    const bool was = m_solid.has_value();
    forget();
    return was;
}

bool SolidTool::takeBack() {
    if (!finish()) return false;
    m_edits.apply({tr("Leave the sphere or box"), [](const SplatEditor&) { return std::vector<SplatEdit>{}; }, m_key});
    return true;
}

double SolidTool::pixelSize() const {
    const Camera camera = m_view.viewCamera();
    const Vec3& middle = m_held == Handle::None && !m_new ? m_solid->center : m_before.center;
    return (camera.orthographic ? 1 : std::max(camera.toCamera(middle)[2], camera.near)) / camera.fx;
}

/// What it becomes when the pointer is there.
Solid SolidTool::dragged(QPointF at) const {
    const Camera camera = m_view.viewCamera();
    const double least = kLeast * m_view.camera().sceneRadius();
    Solid solid = m_before;
    if (m_new || m_held == Handle::Radius) {
        double size = apart(m_from, at) * pixelSize();
        if (m_new && apart(m_from, at) < kClick) size = kDefaultRadius * m_view.camera().sceneRadius();
        if (const auto middle = projected(camera, m_before.center); m_held == Handle::Radius && middle) size = apart(point(*middle), at) * pixelSize();
        size = std::max(size, least);
        solid.half = {size, size, size};
    } else if (m_held == Handle::Middle) {
        const QPointF by = (at - m_from) * pixelSize();
        for (std::size_t k = 0; k < 3; ++k) solid.center[k] += by.x() * camera.worldToCamera[k] + by.y() * camera.worldToCamera[4 + k];
    } else if (m_held != Handle::None) {
        const std::size_t axis = axisOf(m_held);
        const double length = kArrow * pixelSize();
        const auto middle = projected(camera, m_before.center), tip = projected(camera, along(m_before.center, axis, length));
        const QPointF way = middle && tip ? point(*tip) - point(*middle) : QPointF();
        const double square = QPointF::dotProduct(way, way);
        if (square < 1) return solid; // seen along the axis
        double by = QPointF::dotProduct(at - m_from, way) / square * length;
        if (isSide(m_held)) { // the other side stays where it is
            by = std::max(sideOf(m_held) * by, 2 * (least - solid.half[axis]));
            solid.half[axis] += by / 2;
            by *= sideOf(m_held) / 2;
        }
        solid.center[axis] += by;
    }
    return solid;
}

std::optional<QPointF> SolidTool::place(Handle handle) const {
    const Camera camera = m_view.viewCamera();
    if (!m_solid || handle == Handle::None || !projected(camera, m_solid->center)) return std::nullopt;
    Vec3 at = m_solid->center;
    if (handle == Handle::Radius)
        for (std::size_t k = 0; k < 3; ++k) at[k] += m_solid->half[0] * camera.worldToCamera[k]; // to the right in the view
    else if (isAxis(handle)) at[axisOf(handle)] += kArrow * pixelSize();
    else if (isSide(handle)) at[axisOf(handle)] += sideOf(handle) * m_solid->half[axisOf(handle)];
    const auto seen = projected(camera, at);
    return seen ? std::optional(point(*seen)) : std::nullopt;
}

Handle SolidTool::handleAt(QPointF at) const {
    Handle found = Handle::None;
    double best = kGrasp;
    for (int h = static_cast<int>(Handle::Middle); h <= static_cast<int>(Handle::Radius); ++h) {
        const auto handle = static_cast<Handle>(h);
        if (m_box ? handle == Handle::Radius : isSide(handle)) continue;
        const auto where = place(handle);
        if (where && apart(*where, at) < best) best = apart(*where, at), found = handle;
    }
    return found;
}

void SolidTool::paintOutline(QPainter& p, const Camera& camera) const {
    p.setPen(QPen(colors().accent, 1.5));
    QColor inside = colors().accent;
    inside.setAlphaF(0.1f);
    p.setBrush(inside);
    if (!m_box) {
        const auto middle = projected(camera, m_solid->center);
        const double pixels = m_solid->half[0] * camera.fx / (camera.orthographic ? 1 : camera.toCamera(m_solid->center)[2]);
        if (middle) p.drawEllipse(point(*middle), pixels, pixels);
        return;
    }
    for (unsigned corner = 0; corner < 8; ++corner)
        for (unsigned axis = 0; axis < 3; ++axis) {
            if (corner >> axis & 1) continue;
            Vec3 from, to;
            for (unsigned k = 0; k < 3; ++k) {
                from[k] = m_solid->center[k] + (corner >> k & 1 ? m_solid->half[k] : -m_solid->half[k]);
                to[k] = k == axis ? m_solid->center[k] + m_solid->half[k] : from[k];
            }
            if (const auto line = seenLine(camera, from, to)) p.drawLine(*line);
        }
}

void SolidTool::paint(QPainter& p) {
    if (!m_solid) return;
    const Camera camera = m_view.viewCamera();
    paintOutline(p, camera);
    if (m_new) return;
    const Handle shown = m_held != Handle::None ? m_held : m_hovered;
    const auto middle = place(Handle::Middle);
    for (int h = static_cast<int>(Handle::AxisX); h <= static_cast<int>(Handle::Radius); ++h) {
        const auto handle = static_cast<Handle>(h);
        if (m_box ? handle == Handle::Radius : isSide(handle)) continue;
        const auto at = place(handle);
        if (!at) continue;
        const bool on = handle == shown;
        const QColor color = on ? colors().textHigh : isAxis(handle) ? axisColor(static_cast<int>(axisOf(handle))) : colors().accent;
        if (isAxis(handle) && middle) {
            p.setPen(QPen(color, on ? 3 : 2, Qt::SolidLine, Qt::RoundCap));
            p.drawLine(*middle, *at);
        }
        p.setPen(isAxis(handle) ? QPen(color, 1) : QPen(colors().canvas, 1));
        p.setBrush(color);
        p.drawEllipse(*at, isAxis(handle) ? kDot - 0.5 : kDot, isAxis(handle) ? kDot - 0.5 : kDot);
    }
    p.setPen(QPen(colors().canvas, 1));
    p.setBrush(shown == Handle::Middle ? colors().textHigh : colors().textMid);
    if (middle) p.drawRect(QRectF(*middle - QPointF(kSquare, kSquare), QSizeF(2 * kSquare, 2 * kSquare)));
    if (m_held == Handle::Radius) paintLabel(p, m_to, QString::number(m_solid->half[0], 'g', 4));
    if (isSide(m_held)) paintLabel(p, m_to, QString::number(2 * m_solid->half[axisOf(m_held)], 'g', 4));
}

} // namespace ochre::ui
