// SPDX-License-Identifier: GPL-3.0-or-later
// Handles at the middle of a selection or a cloud that move it along the axes of the world, turn it about them
// and scale it.
#pragma once

#include "core/scene/edit/SplatEdit.h"
#include "ui/viewport/SceneTool.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {

class SceneEdits;

struct GizmoChange {
    QString title; ///< for undo
    Similarity similarity;
    Vec3 pivot{};
    int drag = 0;      ///< the same for all changes of a drag
    bool keep = false; ///< false: another one of the drag follows
};

/// What the handles move.
class GizmoTarget {
public:
    virtual ~GizmoTarget() = default;
    virtual std::optional<Vec3> middle() const = 0; ///< nothing: there is nothing to move
    virtual void change(const GizmoChange& change) = 0; ///< from where it was when the drag began
    virtual void revert() = 0; ///< drops a drag that was not kept
};

/// The selected splats.
class SelectionTarget : public GizmoTarget {
public:
    explicit SelectionTarget(SceneEdits& edits) : m_edits(edits) {}
    std::optional<Vec3> middle() const override;
    void change(const GizmoChange& change) override;
    void revert() override;

private:
    SceneEdits& m_edits;
};

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

    Gizmo(SceneView& view, GizmoTarget& target) : m_view(view), m_target(target) {}

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
    std::optional<Vec3> pivot() const;     ///< of the target, or where the drag began
    double reach(const Vec3& pivot) const; ///< length of an arrow in the scene's units
    QPolygonF ring(const Camera& camera, const Vec3& pivot, std::size_t axis) const;
    Handle handleAt(QPointF at) const;
    Similarity change(QPointF at, bool snaps) const;
    void send(QPointF at, Qt::KeyboardModifiers modifiers, bool keep);

    SceneView& m_view;
    GizmoTarget& m_target;
    bool m_snapping = false;
    Handle m_held, m_hovered;
    QPointF m_from;
    Vec3 m_pivot{}; ///< while held, as it was
    Similarity m_change;
    int m_drags = 0;
};

} // namespace ochre::ui
