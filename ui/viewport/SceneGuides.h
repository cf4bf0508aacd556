// SPDX-License-Identifier: GPL-3.0-or-later
// Lines over the scene that say where it stands: a grid on the ground, and the directions of the world.
#pragma once

#include <QPainter>

#include "ui/viewport/OrbitCamera.h"

namespace ochre::ui {

/// On the plane y = 0 around the pivot, in steps of a power of ten that suit the distance; x and z axis in
/// their colours.
void paintGrid(QPainter& painter, const Camera& camera, const OrbitCamera& view);
/// A small cross of the world's axes in the lower left corner, up (−y) shown as up.
void paintAxes(QPainter& painter, const Camera& camera, const QRectF& area);

/// Colours of x, y and z.
QColor axisColor(int axis);
/// A few words beside the pointer.
void paintLabel(QPainter& painter, QPointF at, const QString& text);
/// The part of a straight line that lies before the camera, in its picture.
std::optional<QLineF> seenLine(const Camera& camera, const Vec3& from, const Vec3& to);

} // namespace ochre::ui
