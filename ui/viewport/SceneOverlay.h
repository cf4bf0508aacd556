// SPDX-License-Identifier: GPL-3.0-or-later
// What is drawn over a scene and can be clicked while no tool has the left button.
#pragma once

#include <QPointF>

#include "core/scene/Camera.h"

class QPainter;

namespace ochre::ui {

/// Places are those of the view's widget, `view` is the camera of its picture.
class SceneOverlay {
public:
    virtual ~SceneOverlay() = default;
    virtual void paint(QPainter& painter, const Camera& view) = 0;
    virtual bool click(QPointF at, const Camera& view) = 0; ///< whether something was there
};

} // namespace ochre::ui
