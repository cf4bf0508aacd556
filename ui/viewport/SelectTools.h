// SPDX-License-Identifier: GPL-3.0-or-later
// Selecting splats with the mouse: a region of the picture, or a colour.
// Shift adds, Alt or Ctrl subtracts, both intersect.
#pragma once

#include <vector>

#include "core/scene/edit/SplatQuery.h"
#include "ui/viewport/SceneTool.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {

class SceneEdits;

/// A rectangle, a lasso or the strokes of a brush. A click without a drag selects the one splat that is seen
/// there, or none.
class RegionTool : public SceneTool {
public:
    using Shape = ScreenRegion::Shape;
    RegionTool(SceneView& view, SceneEdits& edits, Shape shape)
        : m_view(view), m_edits(edits), m_shape(shape) {}

    bool press(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void move(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    void hover(QPointF at) override;
    bool wheel(double notches, Qt::KeyboardModifiers modifiers) override; ///< with Ctrl, of the brush
    void paint(QPainter& painter) override;
    Qt::CursorShape cursor() const override { return Qt::CrossCursor; }
    void resizeBrush(double factor);

private:
    void selectOne(QPointF at, Qt::KeyboardModifiers modifiers);

    SceneView& m_view;
    SceneEdits& m_edits;
    Shape m_shape;
    std::vector<Point2> m_points;
    std::optional<QPointF> m_pointer;
    double m_radius = 24;
};

/// A click takes the base colour of the splat that is seen; a drag to the right takes more like it, to the
/// left fewer.
class ColorTool : public SceneTool {
public:
    ColorTool(SceneView& view, SceneEdits& edits) : m_view(view), m_edits(edits) {}

    bool press(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void move(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    void paint(QPainter& painter) override;
    Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

private:
    double tolerance() const;

    SceneView& m_view;
    SceneEdits& m_edits;
    bool m_active = false;
    QPointF m_from, m_to;
};

} // namespace ochre::ui
