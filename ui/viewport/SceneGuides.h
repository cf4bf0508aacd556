// SPDX-License-Identifier: GPL-3.0-or-later
// Lines that say where the scene stands: a grid on the ground, the directions of the world, a box.
#pragma once

#include <QPainter>

#include "ui/viewport/OrbitCamera.h"
#include "ui/viewport/SceneFrame.h"

namespace ochre::ui {

/// The plane y = 0 around the pivot, in steps of a power of ten that suit the distance. `scale`: pixels of the frame a logical one.
Ground groundAround(const OrbitCamera& view, double scale);
/// The edges of a box.
void paintBox(QPainter& painter, const Camera& camera, const Bounds& box);
/// A small cross of the world's axes in the lower left corner, up (−y) shown as up; `grounded`: on a disc, to be read before any colour.
void paintAxes(QPainter& painter, const Camera& camera, const QRectF& area, bool grounded);

/// Colours of x, y and z.
QColor axisColor(int axis);
/// A few words beside the pointer.
void paintLabel(QPainter& painter, QPointF at, const QString& text);
/// The part of a straight line that lies before the camera, in its picture.
std::optional<QLineF> seenLine(const Camera& camera, const Vec3& from, const Vec3& to);

} // namespace ochre::ui
