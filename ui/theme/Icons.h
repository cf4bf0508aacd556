// SPDX-License-Identifier: GPL-3.0-or-later
// Our own line icons: one drawing each, recoloured by state and redrawn for every size and device ratio.
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>
#include <QString>
#include <QStringList>

class QPainter;
class QRectF;

namespace ochre::ui {

/// Icon "run" is resources/icons/run.svg. Follows theme and state: mid grey, high under the pointer or when
/// on, low when disabled. A name that does not exist gives an empty icon and a warning in the log.
QIcon icon(const QString& name);
/// The same in one colour (a state, the text on an accent button); low grey when disabled.
QIcon icon(const QString& name, const QColor& color);

/// Draws it into `rect` (square, logical pixels) with a stroke of 1.5 px whatever the size.
void paintIcon(QPainter& painter, const QString& name, const QRectF& rect, const QColor& color);

/// `size` logical pixels at `ratio` device pixels each.
QPixmap iconPixmap(const QString& name, int size, const QColor& color, qreal ratio);

/// Every name that icon() knows, sorted.
QStringList iconNames();

} // namespace ochre::ui
