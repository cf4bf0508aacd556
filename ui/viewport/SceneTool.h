// SPDX-License-Identifier: GPL-3.0-or-later
// What the left button does in the view of a scene or a picture instead of moving what is seen.
#pragma once

#include <QPointF>
#include <Qt>

class QPainter;

namespace ochre::ui {

/// Places are those of the view's widget. A tool that paints something new calls update() of the view.
class SceneTool {
public:
    virtual ~SceneTool() = default;
    /// Whether the tool takes what follows, until release; else the view moves.
    virtual bool press(QPointF at, Qt::KeyboardModifiers modifiers) = 0;
    virtual void move(QPointF at, Qt::KeyboardModifiers modifiers) = 0;
    virtual void release(QPointF at, Qt::KeyboardModifiers modifiers) = 0;
    virtual void cancel() {}       ///< what was begun
    virtual void hover(QPointF) {} ///< without a button
    virtual bool wheel(double, Qt::KeyboardModifiers) {
        return false;
    }                                ///< notches; whether it was for the tool
    virtual void paint(QPainter&) {} ///< over what is seen
    virtual Qt::CursorShape cursor() const { return Qt::ArrowCursor; }
};

} // namespace ochre::ui
