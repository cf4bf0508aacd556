// SPDX-License-Identifier: GPL-3.0-or-later
// What the mouse is doing between press and release. Each tool touches the document once, when it is let go
// (a value while it slides is the exception), and not at all when it is cancelled.
#pragma once

#include <QPainterPath>
#include <QPointF>
#include <memory>
#include <set>
#include <vector>

#include "ui/canvas/CanvasScene.h"

class QPainter;

namespace ochre::ui {

class Canvas;

class CanvasTool {
public:
    explicit CanvasTool(Canvas& canvas);
    virtual ~CanvasTool() = default;
    virtual void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) = 0;
    virtual void release(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) = 0;
    virtual void cancel() {}
    virtual void paint(QPainter&) {} ///< in scene coordinates, above the nodes
    virtual Qt::CursorShape cursor() const { return Qt::ArrowCursor; }
    virtual int threshold() const { return 4; } ///< pixels before a press becomes a drag

protected:
    Canvas& m_canvas;
    CanvasScene& m_scene;
};

class PanTool : public CanvasTool {
public:
    PanTool(Canvas& canvas, QPoint start);
    void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF, QPoint, Qt::KeyboardModifiers) override {}
    Qt::CursorShape cursor() const override { return Qt::ClosedHandCursor; }
    int threshold() const override { return 0; }

private:
    QPoint m_last;
};

/// Moves the selected nodes and frames; frames take along what lies in them. A single free node drops onto
/// links.
class MoveTool : public CanvasTool {
public:
    MoveTool(Canvas& canvas, QPointF start);
    void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;

private:
    QPointF offset(QPointF scene, Qt::KeyboardModifiers modifiers) const;
    void seekLink();

    QPointF m_start, m_anchor, m_by;
    NodeSet m_nodes;
    std::vector<std::uint32_t> m_frames;
    graph::NodeId m_free = 0; ///< the one node that may be put on a link
    LinkItem* m_onto = nullptr;
};

class BoxTool : public CanvasTool {
public:
    BoxTool(Canvas& canvas, QPointF start, bool add);
    void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF, QPoint, Qt::KeyboardModifiers) override {}
    void cancel() override;
    void paint(QPainter& painter) override;

private:
    QPointF m_start;
    QRectF m_box;
    NodeSet m_before;
};

class CutTool : public CanvasTool {
public:
    using CanvasTool::CanvasTool;
    void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void paint(QPainter& painter) override;
    Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

private:
    std::vector<LinkKey> crossed() const;
    QPolygonF m_stroke;
};

/// Slides a number in its field.
class ValueTool : public CanvasTool {
public:
    ValueTool(Canvas& canvas, graph::NodeId node, const std::string& parameter, QPointF start);
    void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    Qt::CursorShape cursor() const override { return Qt::SizeHorCursor; }

private:
    graph::NodeId m_node;
    const graph::Parameter* m_parameter = nullptr;
    double m_value = 0, m_perUnit = 0, m_lastX = 0;
    graph::Graph m_before;
    std::string m_key;
    bool m_changed = false;
};

/// Width of a node, or size of a frame.
class ResizeTool : public CanvasTool {
public:
    ResizeTool(Canvas& canvas, graph::NodeId node, std::uint32_t frame, QPointF start);
    void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    Qt::CursorShape cursor() const override { return m_frame ? Qt::SizeFDiagCursor : Qt::SizeHorCursor; }

private:
    QSizeF size(QPointF scene) const;
    FrameItem* frameItem() const;

    graph::NodeId m_node;
    std::uint32_t m_frame;
    QPointF m_start;
    QSizeF m_before;
};

} // namespace ochre::ui
