// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/LinkItem.h"

#include <QPainter>
#include <cmath>

#include "ui/canvas/CanvasLook.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

double distanceToSegment(QPointF p, QPointF a, QPointF b) {
    const QPointF ab = b - a;
    const double length = QPointF::dotProduct(ab, ab);
    const double t = length > 0 ? std::clamp(QPointF::dotProduct(p - a, ab) / length, 0.0, 1.0) : 0.0;
    const QPointF d = p - (a + ab * t);
    return std::hypot(d.x(), d.y());
}

} // namespace

LinkItem::LinkItem(LinkKey key, graph::Link from) : m_key(std::move(key)), m_from(std::move(from)) {
    setZValue(-1);
    setAcceptedMouseButtons(Qt::NoButton);
}

void LinkItem::setEnds(QPointF from, QPointF to) {
    prepareGeometryChange();
    m_path = look::linkPath(from, to);
    update();
}

void LinkItem::setLook(const QColor& color, bool fits, bool muted) {
    m_color = color;
    m_fits = fits;
    m_muted = muted;
    update();
}

void LinkItem::setChosen(bool chosen) {
    if (m_chosen == chosen) return;
    m_chosen = chosen;
    update();
}

void LinkItem::setHovered(bool hovered) {
    if (m_hovered == hovered) return;
    m_hovered = hovered;
    update();
}

void LinkItem::setFaded(bool faded) {
    m_faded = faded;
    update();
}

double LinkItem::distanceTo(QPointF scene, double limit) const {
    if (!boundingRect().adjusted(-limit, -limit, limit, limit).contains(scene)) return limit;
    double best = limit;
    QPointF before = m_path.pointAtPercent(0);
    constexpr int kPieces = 24;
    for (int i = 1; i <= kPieces; ++i) {
        const QPointF next = m_path.pointAtPercent(static_cast<double>(i) / kPieces);
        best = std::min(best, distanceToSegment(scene, before, next));
        before = next;
    }
    return best;
}

QRectF LinkItem::boundingRect() const {
    return m_path.controlPointRect().adjusted(-8, -8, 8, 8);
}

void LinkItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*) {
    const double scale = painter->worldTransform().m11();
    const Colors& c = colors();
    QColor color = m_fits ? m_color : c.bad;
    color.setAlphaF(m_faded ? 0.2f : m_muted ? 0.45f : m_chosen || m_hovered ? 1.0f : 0.8f);
    // Links never become thinner than a pixel, nor heavier than the nodes they join.
    double width = (m_chosen || m_hovered ? 3.0 : 2.0);
    if (scale < 1) width = std::max(width, 1.0 / scale);
    if (scale < look::kBlocksBelow) width = 1.0 / scale;
    QPen pen(color, width, m_muted ? Qt::DashLine : Qt::SolidLine, m_muted ? Qt::FlatCap : Qt::RoundCap);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(pen);
    painter->setBrush(Qt::NoBrush);
    painter->drawPath(m_path);
    if (m_fits || scale < look::kBlocksBelow) return;
    const QPointF middle = m_path.pointAtPercent(0.5);
    painter->setPen(Qt::NoPen);
    painter->setBrush(c.canvas);
    painter->drawEllipse(middle, 8, 8);
    painter->setPen(QPen(c.bad, 2, Qt::SolidLine, Qt::RoundCap));
    painter->drawLine(middle + QPointF(-4, -4), middle + QPointF(4, 4));
    painter->drawLine(middle + QPointF(4, -4), middle + QPointF(-4, 4));
}

} // namespace ochre::ui
