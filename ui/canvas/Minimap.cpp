// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/Minimap.h"

#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasScene.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

Minimap::Minimap(Canvas& canvas) : QWidget(&canvas), m_canvas(canvas) {
    setFixedSize(180, 120);
    setCursor(Qt::ArrowCursor);
    setObjectName(QStringLiteral("minimap"));
    setAccessibleName(QStringLiteral("Minimap"));
    hide();
}

void Minimap::setWanted(bool wanted) {
    m_wanted = wanted;
    refresh();
}

void Minimap::refresh() {
    const QRectF contents = m_canvas.canvasScene().contents();
    const bool roomy = m_canvas.width() >= 3 * width() && m_canvas.height() >= 3 * height(); // else it would hide nodes
    const bool useful = m_wanted && roomy && !contents.isEmpty() && !m_canvas.sceneInView().contains(contents);
    if (useful != isVisible()) setVisible(useful);
    if (!useful) return;
    if (!(QGuiApplication::mouseButtons() & Qt::LeftButton && underMouse()))
        m_world = contents.united(m_canvas.sceneInView());
    update();
}

QTransform Minimap::fromScene() const {
    const QRectF room = QRectF(rect()).adjusted(8, 8, -8, -8);
    const double scale = std::min(room.width() / m_world.width(), room.height() / m_world.height());
    QTransform t;
    t.translate(room.center().x(), room.center().y());
    t.scale(scale, scale);
    t.translate(-m_world.center().x(), -m_world.center().y());
    return t;
}

void Minimap::paintEvent(QPaintEvent*) {
    if (m_world.isEmpty()) return;
    const Colors& c = colors();
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(QPen(c.hairline, 1));
    p.setBrush(c.surface1);
    p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::kRadiusControl,
                      metrics::kRadiusControl);
    QPainterPath round;
    round.addRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), metrics::kRadiusControl,
                         metrics::kRadiusControl);
    p.setClipPath(round);
    const QTransform t = fromScene();
    p.setRenderHint(QPainter::Antialiasing, false);
    for (const FrameItem* frame : m_canvas.canvasScene().frames())
        p.fillRect(t.mapRect(frame->rect()), c.surface3);
    for (const auto& [id, item] : m_canvas.canvasScene().nodes()) {
        QRectF r = t.mapRect(item->frame());
        r.setSize(r.size().expandedTo(QSizeF(2, 2)));
        const bool failed = item->state().status == graph::NodeStatus::Failed;
        p.fillRect(r, item->chosen() ? c.accent : failed ? c.bad : blend(c.surface2, item->face().bar, 0.6));
    }
    const QRectF view = t.mapRect(m_canvas.sceneInView());
    QPainterPath outside = round;
    QPainterPath inside;
    inside.addRect(view);
    QColor shade = c.canvas;
    shade.setAlphaF(0.5f);
    p.fillPath(outside.subtracted(inside), shade);
    p.setPen(QPen(c.textMid, 1));
    p.setBrush(Qt::NoBrush);
    p.drawRect(view.adjusted(0.5, 0.5, -0.5, -0.5));
}

void Minimap::mousePressEvent(QMouseEvent* event) {
    m_canvas.lookAt(fromScene().inverted().map(QPointF(event->pos())));
    event->accept();
}

void Minimap::mouseMoveEvent(QMouseEvent* event) {
    if (event->buttons() & Qt::LeftButton) m_canvas.lookAt(fromScene().inverted().map(QPointF(event->pos())));
}

} // namespace ochre::ui
