// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/CanvasTools.h"

#include <QPainter>
#include <QScrollBar>
#include <algorithm>
#include <cmath>

#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasLook.h"
#include "ui/canvas/Edits.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

CanvasTool::CanvasTool(Canvas& canvas) : m_canvas(canvas), m_scene(canvas.canvasScene()) {}

PanTool::PanTool(Canvas& canvas, QPoint start) : CanvasTool(canvas), m_last(start) {}

void PanTool::move(QPointF, QPoint view, Qt::KeyboardModifiers) {
    const QPoint by = view - m_last;
    m_last = view;
    m_canvas.horizontalScrollBar()->setValue(m_canvas.horizontalScrollBar()->value() - by.x());
    m_canvas.verticalScrollBar()->setValue(m_canvas.verticalScrollBar()->value() - by.y());
}

MoveTool::MoveTool(Canvas& canvas, QPointF start)
    : CanvasTool(canvas), m_start(start), m_nodes(m_scene.chosenNodes()), m_frames(m_scene.chosenFrames()) {
    for (const FrameItem* frame : m_scene.frames())
        if (frame->chosen())
            for (const auto& [id, item] : m_scene.nodes())
                if (frame->rect().contains(item->frame().center())) m_nodes.insert(id);
    if (!m_nodes.empty()) m_anchor = m_scene.node(*m_nodes.begin())->pos();
    if (m_nodes.size() == 1 && m_frames.empty()) {
        const graph::NodeId id = *m_nodes.begin();
        if (m_scene.graph().at(id).inputs.empty() && m_scene.graph().consumers(id).empty()) m_free = id;
    }
}

QPointF MoveTool::offset(QPointF scene, Qt::KeyboardModifiers modifiers) const {
    QPointF by = scene - m_start;
    by = {std::round(by.x()), std::round(by.y())};
    const bool snap = m_canvas.snapping() != bool(modifiers & Qt::ControlModifier);
    if (!snap) return by;
    const QPointF goal = m_anchor + by;
    return QPointF(std::round(goal.x() / look::kGridStep), std::round(goal.y() / look::kGridStep)) *
               look::kGridStep -
           m_anchor;
}

void MoveTool::move(QPointF scene, QPoint, Qt::KeyboardModifiers modifiers) {
    m_by = offset(scene, modifiers);
    m_scene.previewMove(m_nodes, m_frames, m_by);
    seekLink();
}

void MoveTool::seekLink() {
    if (!m_free) return;
    const QRectF body = m_scene.node(m_free)->frame();
    LinkItem* best = m_scene.linkAt(body.center(), body.height() / 2);
    if (best) {
        graph::Graph trial = m_scene.graph();
        if (!edits::insertOnLink(trial, m_scene.registry(), m_free, best->key())) best = nullptr;
    }
    if (best == m_onto) return;
    if (m_onto) m_onto->setHovered(false);
    m_onto = best;
    if (m_onto) m_onto->setHovered(true);
}

void MoveTool::release(QPointF, QPoint, Qt::KeyboardModifiers) {
    if (m_by.isNull()) return cancel();
    const std::size_t count = m_nodes.size();
    std::optional<LinkKey> onto;
    if (m_onto) onto = m_onto->key();
    m_onto = nullptr;
    const QString title = onto         ? QStringLiteral("Insert node")
                          : count == 0 ? QStringLiteral("Move frame")
                          : count == 1 ? QStringLiteral("Move node")
                                       : QStringLiteral("Move %1 nodes").arg(count);
    const bool done = m_scene.edit(title, [&](graph::Graph& g) {
        edits::moveNodes(g, m_nodes, m_by.x(), m_by.y());
        if (!m_frames.empty()) {
            auto frames = g.frames();
            for (graph::Frame& f : frames)
                if (std::count(m_frames.begin(), m_frames.end(), f.id)) f.x += m_by.x(), f.y += m_by.y();
            g.setFrames(std::move(frames));
        }
        if (onto) edits::insertOnLink(g, m_scene.registry(), m_free, *onto);
    });
    if (!done) m_scene.previewMove(m_nodes, m_frames, {});
}

void MoveTool::cancel() {
    if (m_onto) m_onto->setHovered(false);
    m_scene.previewMove(m_nodes, m_frames, {});
}

BoxTool::BoxTool(Canvas& canvas, QPointF start, bool add)
    : CanvasTool(canvas), m_start(start), m_before(add ? m_scene.chosenNodes() : NodeSet()) {}

void BoxTool::move(QPointF scene, QPoint, Qt::KeyboardModifiers) {
    m_box = QRectF(m_start, scene).normalized();
    NodeSet inside = m_before;
    for (const auto& [id, item] : m_scene.nodes())
        if (m_box.intersects(item->frame())) inside.insert(id);
    std::vector<std::uint32_t> frames;
    for (const FrameItem* frame : m_scene.frames())
        if (m_box.contains(frame->rect())) frames.push_back(frame->model().id);
    m_scene.choose(inside, {}, frames);
    m_canvas.viewport()->update();
}

void BoxTool::cancel() {
    m_scene.choose(m_before);
}

void BoxTool::paint(QPainter& painter) {
    QColor fill = colors().accent;
    fill.setAlphaF(0.1f);
    QPen pen(colors().accent, 1);
    pen.setCosmetic(true);
    painter.setPen(pen);
    painter.setBrush(fill);
    painter.drawRect(m_box);
}

void CutTool::move(QPointF scene, QPoint, Qt::KeyboardModifiers) {
    if (m_stroke.isEmpty() || QLineF(m_stroke.back(), scene).length() > 2) m_stroke << scene;
    const auto keys = crossed();
    for (const auto& [key, item] : m_scene.links())
        item->setFaded(std::count(keys.begin(), keys.end(), key) > 0);
    m_canvas.viewport()->update();
}

std::vector<LinkKey> CutTool::crossed() const {
    std::vector<LinkKey> keys;
    if (m_stroke.size() < 2) return keys;
    const QRectF box = m_stroke.boundingRect().adjusted(-1, -1, 1, 1);
    for (const auto& [key, item] : m_scene.links()) {
        if (!item->boundingRect().intersects(box)) continue;
        const QPolygonF curve = item->path().toSubpathPolygons().value(0);
        bool hit = false;
        for (int i = 1; i < curve.size() && !hit; ++i)
            for (int j = 1; j < m_stroke.size() && !hit; ++j)
                hit = QLineF(curve[i - 1], curve[i]).intersects(QLineF(m_stroke[j - 1], m_stroke[j])) ==
                      QLineF::BoundedIntersection;
        if (hit) keys.push_back(key);
    }
    return keys;
}

void CutTool::release(QPointF, QPoint, Qt::KeyboardModifiers) {
    const auto keys = crossed();
    for (const auto& [key, item] : m_scene.links()) item->setFaded(false);
    m_canvas.viewport()->update();
    if (keys.empty()) return;
    const QString title =
        keys.size() == 1 ? QStringLiteral("Cut link") : QStringLiteral("Cut %1 links").arg(keys.size());
    m_scene.edit(title, [&](graph::Graph& g) {
        for (const LinkKey& key : keys) g.disconnect(key.to, key.input);
    });
}

void CutTool::paint(QPainter& painter) {
    QPen pen(colors().bad, 2, Qt::DashLine, Qt::RoundCap);
    pen.setCosmetic(true);
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(m_stroke);
}

ValueTool::ValueTool(Canvas& canvas, graph::NodeId node, const std::string& parameter, QPointF start)
    : CanvasTool(canvas), m_node(node), m_lastX(start.x()), m_before(m_scene.graph()) {
    static unsigned drags = 0;
    m_key = "value:" + std::to_string(node) + ":" + parameter + ":" + std::to_string(++drags);
    const NodeItem* item = m_scene.node(node);
    const FaceRow* row = item->face().rowOf(parameter);
    m_parameter = row->parameter;
    const auto* real = std::get_if<double>(&row->value);
    m_value = real ? *real : static_cast<double>(std::get<std::int64_t>(row->value));
    const auto low = m_parameter->softMin ? m_parameter->softMin : m_parameter->min;
    const auto high = m_parameter->softMax ? m_parameter->softMax : m_parameter->max;
    if (sliderShare(*m_parameter, row->value))
        m_perUnit = (*high - *low) / item->face().fieldRect(*row).width();
    else
        m_perUnit = m_parameter->step > 0 ? m_parameter->step / 4
                    : real                ? std::max(0.01, std::abs(m_value) * 0.01)
                                          : 0.25;
}

void ValueTool::move(QPointF scene, QPoint, Qt::KeyboardModifiers modifiers) {
    const double speed = modifiers & Qt::ShiftModifier ? 0.1 : modifiers & Qt::ControlModifier ? 10.0 : 1.0;
    m_value += (scene.x() - m_lastX) * m_perUnit * speed;
    m_lastX = scene.x();
    // A slide stays in the slider's range; more may be typed.
    const auto low = m_parameter->softMin ? m_parameter->softMin : m_parameter->min;
    const auto high = m_parameter->softMax ? m_parameter->softMax : m_parameter->max;
    m_value = std::clamp(m_value, low.value_or(-1e15), high.value_or(1e15));
    double shown = m_value;
    if (m_parameter->step > 0 && !(modifiers & Qt::ShiftModifier))
        shown = std::round(shown / m_parameter->step) * m_parameter->step;
    graph::ParameterValue value;
    if (std::holds_alternative<std::int64_t>(m_parameter->defaultValue))
        value = static_cast<std::int64_t>(std::llround(shown));
    else
        value = std::round(shown * 1e4) / 1e4;
    m_changed = true;
    m_canvas.setParameter(m_node, m_parameter->id, value, m_key);
}

void ValueTool::release(QPointF, QPoint, Qt::KeyboardModifiers) {
    m_scene.document().endMerge();
}

void ValueTool::cancel() {
    m_scene.document().endMerge();
    if (!m_changed) return;
    const auto before = m_before.at(m_node).parameters;
    const auto it = before.find(m_parameter->id);
    m_scene.edit(
        QStringLiteral("Change %1").arg(QString::fromStdString(m_parameter->label)),
        [&](graph::Graph& g) {
            if (it == before.end())
                g.resetParameter(m_node, m_parameter->id);
            else
                g.setParameter(m_node, m_parameter->id, it->second);
        },
        m_key);
}

ResizeTool::ResizeTool(Canvas& canvas, graph::NodeId node, std::uint32_t frame, QPointF start)
    : CanvasTool(canvas), m_node(node), m_frame(frame), m_start(start) {
    if (const FrameItem* item = frameItem())
        m_before = item->rect().size();
    else
        m_before = m_scene.node(node)->frame().size();
}

FrameItem* ResizeTool::frameItem() const {
    for (FrameItem* item : m_scene.frames())
        if (m_frame && item->model().id == m_frame) return item;
    return nullptr;
}

QSizeF ResizeTool::size(QPointF scene) const {
    const QSizeF wish(m_before.width() + scene.x() - m_start.x(),
                      m_before.height() + scene.y() - m_start.y());
    return QSizeF(std::round(std::max(120.0, wish.width())),
                  std::round(std::max(m_frame ? 60.0 : 0.0, wish.height())));
}

void ResizeTool::move(QPointF scene, QPoint, Qt::KeyboardModifiers) {
    if (FrameItem* item = frameItem()) return item->setSize(size(scene));
    if (NodeItem* item = m_scene.node(m_node)) {
        graph::Node node = m_scene.graph().at(m_node);
        node.look.width = std::min(800.0, size(scene).width());
        item->setFace(node, m_scene.graph(), m_scene.registry(), m_scene.within());
        m_scene.relinkItem(m_node);
    }
}

void ResizeTool::release(QPointF scene, QPoint, Qt::KeyboardModifiers) {
    const QSizeF now = size(scene);
    if (!m_frame) {
        m_scene.edit(QStringLiteral("Resize node"), [&](graph::Graph& g) {
            graph::NodeLook look = g.at(m_node).look;
            look.width = std::min(800.0, now.width());
            g.setLook(m_node, look);
        });
        return;
    }
    m_scene.edit(QStringLiteral("Resize frame"), [&](graph::Graph& g) {
        auto frames = g.frames();
        for (graph::Frame& f : frames)
            if (f.id == m_frame) f.width = now.width(), f.height = now.height();
        g.setFrames(std::move(frames));
    });
}

void ResizeTool::cancel() {
    if (FrameItem* item = frameItem()) return item->setSize(m_before);
    if (NodeItem* item = m_scene.node(m_node)) {
        item->setFace(m_scene.graph().at(m_node), m_scene.graph(), m_scene.registry(), m_scene.within());
        m_scene.relinkItem(m_node);
    }
}

} // namespace ochre::ui
