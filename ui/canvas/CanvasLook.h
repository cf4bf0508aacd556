// SPDX-License-Identifier: GPL-3.0-or-later
// Small drawings that nodes, links and the search share, and where the levels of detail change.
#pragma once

#include <QColor>
#include <QPainterPath>
#include <QPointF>

#include "ui/canvas/NodeFace.h"

class QPainter;

namespace ochre::ui::look {

inline constexpr double kRowsFrom = 0.40;    ///< below: title and thumbnail alone
inline constexpr double kBlocksBelow = 0.15; ///< below: coloured blocks, titles at screen size
inline constexpr double kMinZoom = 0.04, kMaxZoom = 4.0;
inline constexpr double kSocketRadius = 5;
inline constexpr double kSocketReach = 12; ///< screen pixels around a socket that take the mouse
inline constexpr double kSnapReach = 28;   ///< screen pixels from which a dragged link jumps to a socket
inline constexpr double kGridStep = 20;    ///< of the dots, and of snapping

/// ○ one, ◎ list, ◇ optional, ● connected.
void paintSocket(QPainter& p, QPointF at, double radius, const QColor& color, const QColor& ground,
                 const FaceSocket& socket);
QColor sliderFill();
bool hasMark(graph::ParameterKind kind);
const char* markOf(graph::ParameterKind kind); ///< icon at the right of a field
Qt::TextElideMode elideOf(graph::ParameterKind kind);
void paintSwitch(QPainter& p, const QRectF& field, bool on);
void paintSwatch(QPainter& p, const QRectF& field, const graph::Color& color);

/// The curve from an output at `from` to an input at `to`.
QPainterPath linkPath(QPointF from, QPointF to);

} // namespace ochre::ui::look
