// SPDX-License-Identifier: GPL-3.0-or-later
// Handles at the middle of the selection that move it along the axes of the world, turn it about them and
// scale it.
#pragma once

#include "core/scene/edit/SplatEdit.h"
#include "ui/viewport/SceneTool.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {

class SceneEdits;

/// Ctrl, or the switch, snaps: moves to a tenth of the handles' length in a round number, turns to 15°,
/// scales to tenths.
class Gizmo : public SceneTool {
public:
    enum class Part { None, Move, Turn, Scale };
    struct Handle {
        Part part = Part::None;
        std::size_t axis = 0;
        bool operator==(const Handle&) const = default;
    };

    Gizmo(SceneView& view, SceneEdits& edits) : m_view(view), m_edits(edits) {}

    bool press(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void move(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    void hover(QPointF at) override;
    void paint(QPainter& painter) override;

    void setSnapping(bool on) { m_snapping = on; }
    /// Where a handle is in the view, to be taken hold of; nothing without a selection in view.
    std::optional<QPointF> place(const Handle& handle) const;

private:
    std::optional<Vec3> pivot() const;     ///< of the selection, or where the drag began
    double reach(const Vec3& pivot) const; ///< length of an arrow in the scene's units
    QPolygonF ring(const Camera& camera, const Vec3& pivot, std::size_t axis) const;
    Handle handleAt(QPointF at) const;
    Similarity change(QPointF at, bool snaps) const;
    void send(QPointF at, Qt::KeyboardModifiers modifiers, bool keep);

    SceneView& m_view;
    SceneEdits& m_edits;
    bool m_snapping = false;
    Handle m_held, m_hovered;
    QPointF m_from;
    Vec3 m_pivot{}; ///< while held, as it was
    Similarity m_change;
    int m_drags = 0;
};

} // namespace ochre::ui
