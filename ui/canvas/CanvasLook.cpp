// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/CanvasLook.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui::look {

using graph::ParameterKind;

void paintSocket(QPainter& p, QPointF at, double radius, const QColor& color, const QColor& ground,
                 const FaceSocket& socket) {
    p.setPen(QPen(color, 1.5));
    p.setBrush(socket.connected ? color : ground);
    const double r = radius - 0.75;
    if (socket.optional && !socket.connected) {
        const double d = radius + 0.5;
        p.drawPolygon(
            QPolygonF({at + QPointF(0, -d), at + QPointF(d, 0), at + QPointF(0, d), at + QPointF(-d, 0)}));
        return;
    }
    p.drawEllipse(at, r, r);
    if (!socket.list) return;
    p.setPen(Qt::NoPen);
    p.setBrush(socket.connected ? ground : color);
    p.drawEllipse(at, radius * 0.4, radius * 0.4);
}

QColor sliderFill() {
    return blend(colors().surface3, colors().textLow, 0.45);
}

bool hasMark(ParameterKind kind) {
    return *markOf(kind) != 0 || kind == ParameterKind::Bool || kind == ParameterKind::Color;
}

const char* markOf(ParameterKind kind) {
    switch (kind) {
    case ParameterKind::Choice:
        return "chevron-down";
    case ParameterKind::File:
    case ParameterKind::Folder:
        return "folder";
    case ParameterKind::SaveFile:
        return "save";
    case ParameterKind::Model:
        return "model";
    case ParameterKind::Seed:
        return "dice";
    default:
        return "";
    }
}

Qt::TextElideMode elideOf(ParameterKind kind) {
    const bool path =
        kind == ParameterKind::File || kind == ParameterKind::SaveFile || kind == ParameterKind::Model;
    return path ? Qt::ElideMiddle : Qt::ElideRight;
}

void paintSwitch(QPainter& p, const QRectF& field, bool on) {
    const Colors& c = colors();
    const QRectF box(field.right() - 18, field.center().y() - 7, 14, 14);
    p.setPen(QPen(c.textLow, 1));
    p.setBrush(c.surface3);
    p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    if (on) paintIcon(p, "check", box.adjusted(1, 1, -1, -1), c.textHigh);
}

void paintSwatch(QPainter& p, const QRectF& field, const graph::Color& color) {
    const QRectF box(field.right() - 34, field.top() + 3, 30, field.height() - 6);
    const auto part = [](float v) { return std::clamp(v, 0.0f, 1.0f); };
    p.setPen(QPen(colors().hairline, 1));
    p.setBrush(QColor::fromRgbF(part(color[0]), part(color[1]), part(color[2])));
    p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
}

QPainterPath linkPath(QPointF from, QPointF to) {
    const double dx = to.x() - from.x(), dy = std::abs(to.y() - from.y());
    // Forward links bend half way; backward ones swing out far enough to be told from their nodes.
    const double reach = dx >= 0 ? std::clamp(dx * 0.5, std::min(40.0, 12 + dy * 0.25), 240.0)
                                 : std::clamp(40 - dx * 0.35 + dy * 0.1, 60.0, 240.0);
    QPainterPath path(from);
    path.cubicTo(from + QPointF(reach, 0), to - QPointF(reach, 0), to);
    return path;
}

} // namespace ochre::ui::look
