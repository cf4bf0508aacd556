// SPDX-License-Identifier: GPL-3.0-or-later
// Selecting what is inside a sphere or a box: drawn with the mouse, then moved and sized by its handles or by numbers until it is done
// with. The selection follows at every moment.
#pragma once

#include "core/scene/edit/SplatQuery.h"
#include "ui/viewport/SceneTool.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {

class SceneEdits;

struct Solid {
    Vec3 center{}, half{1, 1, 1}; ///< half: of a box's sides; the first is a sphere's radius
};

/// A press takes what is seen as the middle, the drag its size; without a drag, a twentieth of the scene. Then handles: the middle moves
/// it in the plane of the view, arrows along an axis, those on its surface size it. Whatever else is done ends it.
class SolidTool : public QObject, public SceneTool {
    Q_OBJECT
public:
    enum class Handle { None, Middle, AxisX, AxisY, AxisZ, LowX, LowY, LowZ, HighX, HighY, HighZ, Radius };

    SolidTool(SceneView& view, SceneEdits& edits, bool box);

    bool press(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void move(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    void hover(QPointF at) override;
    void paint(QPainter& painter) override;
    Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

    bool isBox() const { return m_box; }
    const std::optional<Solid>& solid() const { return m_solid; } ///< that can be adjusted
    Solid proposed() const;                                       ///< it, or one in the middle of the scene
    void set(const Solid& solid, bool keep);                      ///< by numbers; begins one where there is none
    bool finish();                                                ///< it stays selected; false: there was nothing to adjust
    bool takeBack();                                              ///< the selection is as before it
    std::optional<QPointF> place(Handle handle) const;            ///< in the view

Q_SIGNALS:
    void changed();

private:
    void begin();
    void send(bool keep);
    void forget();
    Handle handleAt(QPointF at) const;
    Solid dragged(QPointF at) const;
    double pixelSize() const; ///< of the scene, where the middle is
    void paintOutline(QPainter& painter, const Camera& camera) const;

    SceneView& m_view;
    SceneEdits& m_edits;
    bool m_box, m_new = false;       ///< m_new: it is being drawn
    std::optional<Solid> m_solid;
    Solid m_before;                  ///< when a handle was taken hold of
    Handle m_held = Handle::None, m_hovered = Handle::None;
    QPointF m_from, m_to;
    Qt::KeyboardModifiers m_modifiers;
    bool m_released = false; ///< before it was known what is seen
    QString m_key;           ///< of the orders that select it
};

} // namespace ochre::ui
