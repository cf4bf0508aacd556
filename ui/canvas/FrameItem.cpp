// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/FrameItem.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include "ui/canvas/CanvasLook.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

FrameItem::FrameItem(graph::Frame frame) : m_frame(std::move(frame)) {
    setPos(m_frame.x, m_frame.y);
    setZValue(-3);
    setAcceptedMouseButtons(Qt::NoButton);
}

QRectF FrameItem::handleRect() const {
    return QRectF(rect().bottomRight() - QPointF(16, 16), QSizeF(16, 16));
}

void FrameItem::setSize(QSizeF size) {
    prepareGeometryChange();
    m_frame.width = size.width();
    m_frame.height = size.height();
    update();
}

void FrameItem::setChosen(bool chosen) {
    if (m_chosen == chosen) return;
    m_chosen = chosen;
    update();
}

QRectF FrameItem::boundingRect() const {
    return QRectF(0, 0, m_frame.width, m_frame.height).adjusted(-3, -3, 3, 3);
}

void FrameItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*) {
    const Colors& c = colors();
    const double scale = painter->worldTransform().m11();
    const QRectF body(0, 0, m_frame.width, m_frame.height);
    const QColor own(QString::fromStdString(m_frame.color));
    const QColor tint = own.isValid() ? own : c.textLow;
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setBrush(blend(c.canvas, tint, 0.14));
    painter->setPen(m_chosen ? QPen(c.accent, 2 / std::min(1.0, scale))
                             : QPen(blend(c.canvas, tint, 0.4), 1));
    painter->drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), metrics::kRadiusNode, metrics::kRadiusNode);
    QFont f = font(TextRole::BodyBold);
    // Titles of frames are the landmarks of a large canvas: they keep their size on screen.
    if (scale < 1) f.setPixelSize(static_cast<int>(std::min(13.0 / scale, 120.0)));
    const QFontMetricsF m(f);
    painter->setFont(f);
    painter->setPen(c.textMid);
    const QString title =
        m.elidedText(QString::fromStdString(m_frame.title), Qt::ElideRight, m_frame.width - 24);
    painter->drawText(QPointF(12, (std::max(kHeader, m.height()) + m.capHeight()) / 2), title);
    if (scale < look::kRowsFrom) return;
    painter->setPen(QPen(c.textLow, 1.5, Qt::SolidLine, Qt::RoundCap));
    const QPointF corner = body.bottomRight() - QPointF(5, 5);
    painter->drawLine(corner + QPointF(-7, 0), corner + QPointF(0, -7));
    painter->drawLine(corner + QPointF(-3, 0), corner + QPointF(0, -3));
}

} // namespace ochre::ui
