// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/LinkTool.h"

#include <QPainter>
#include <cmath>

#include "core/graph/Types.h"
#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasLook.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

/// `start` and all that it needs (upwards) or that needs it.
NodeSet reachable(const graph::Graph& graph, graph::NodeId start, bool upwards) {
    NodeSet seen{start};
    std::vector<graph::NodeId> open{start};
    while (!open.empty()) {
        const graph::NodeId id = open.back();
        open.pop_back();
        const auto visit = [&](graph::NodeId next) {
            if (seen.insert(next).second) open.push_back(next);
        };
        if (upwards) {
            for (const auto& [input, link] : graph.at(id).inputs) visit(link.node);
        } else {
            for (const graph::NodeId next : graph.consumers(id)) visit(next);
        }
    }
    return seen;
}

} // namespace

LinkTool::LinkTool(Canvas& canvas, const SocketRef& pressed) : CanvasTool(canvas), m_from(pressed) {
    const graph::Graph& graph = m_scene.graph();
    if (!pressed.output) {
        const auto& inputs = graph.at(pressed.node).inputs;
        if (const auto it = inputs.find(pressed.id); it != inputs.end()) {
            m_taken = LinkKey{pressed.node, pressed.id};
            m_from = SocketRef{it->second.node, it->second.output, true};
        }
    }
    const FaceSocket* socket = m_scene.findSocket(m_from);
    m_type = socket ? socket->type : graph::types::kAny;
    graph::Graph without = graph;
    if (m_taken) without.disconnect(m_taken->to, m_taken->input);
    m_forbidden = reachable(without, m_from.node, m_from.output);
    m_at = m_scene.socketPosition(pressed).value_or(QPointF());
}

LinkTool::~LinkTool() {
    setMoods(false);
    if (m_taken)
        if (LinkItem* item = m_scene.link(*m_taken)) item->setFaded(false);
    m_canvas.viewport()->update();
}

bool LinkTool::fits(const SocketRef& socket) const {
    if (socket == m_from) return true;
    if (socket.output == m_from.output || m_forbidden.count(socket.node)) return false;
    const FaceSocket* face = m_scene.findSocket(socket);
    if (!face) return false;
    const auto& types = graph::TypeRegistry::shared();
    return m_from.output ? types.accepts(face->type, m_type) : types.accepts(m_type, face->type);
}

SocketRef LinkTool::seek(QPointF scene) const {
    SocketRef best;
    double nearest = look::kSnapReach / m_canvas.zoom();
    const auto offer = [&](const NodeItem& item, const FaceSocket& socket, bool output, double slack) {
        const SocketRef ref{item.id(), socket.id, output};
        if (ref == m_from || !fits(ref)) return;
        const QPointF d = *item.socketScenePosition(socket.id, output) - scene;
        const double distance = std::hypot(d.x(), d.y()) - slack;
        if (distance >= nearest) return;
        nearest = distance;
        best = ref;
    };
    const NodeItem* under = m_scene.nodeAt(scene);
    for (const auto& [id, item] : m_scene.nodes()) {
        if (m_forbidden.count(id)) continue;
        // Over a node's body its best socket takes the link; elsewhere only one that is near.
        const double slack = item == under ? 1e4 : 0;
        if (!slack && !item->frame().adjusted(-nearest, -nearest, nearest, nearest).contains(scene)) continue;
        for (const FaceRow& row : item->face().rows) {
            if (row.output && !m_from.output) offer(*item, *row.output, true, slack);
            if (row.input && m_from.output)
                offer(*item, *row.input, false, slack && row.input->parameter ? slack - 500 : slack);
        }
    }
    return best;
}

void LinkTool::setMoods(bool on) {
    for (const auto& [id, item] : m_scene.nodes()) {
        if (!on) {
            item->setMoods({});
            continue;
        }
        item->setMoods([this](const SocketRef& socket) {
            if (socket == m_target) return SocketMood::Target;
            return fits(socket) ? SocketMood::Plain : SocketMood::Faded;
        });
    }
}

void LinkTool::setTarget(const SocketRef& target) {
    if (target == m_target) return;
    for (const SocketRef& changed : {m_target, target})
        if (NodeItem* item = m_scene.node(changed.node)) item->update();
    m_target = target;
}

void LinkTool::move(QPointF scene, QPoint, Qt::KeyboardModifiers) {
    if (!m_shown) setMoods(true);
    m_shown = true;
    if (m_taken)
        if (LinkItem* item = m_scene.link(*m_taken)) item->setFaded(true);
    setTarget(seek(scene));
    m_at = m_target.valid() ? *m_scene.socketPosition(m_target) : scene;
    m_canvas.viewport()->update();
}

void LinkTool::connectTo(const SocketRef& target) {
    const SocketRef out = m_from.output ? m_from : target;
    const SocketRef in = m_from.output ? target : m_from;
    if (m_taken && *m_taken == LinkKey{in.node, in.id}) return; // put back where it was
    m_scene.edit(m_taken ? QStringLiteral("Move link") : QStringLiteral("Link"), [&](graph::Graph& g) {
        if (m_taken) g.disconnect(m_taken->to, m_taken->input);
        g.connect({out.node, out.id}, in.node, in.id);
    });
}

void LinkTool::release(QPointF scene, QPoint view, Qt::KeyboardModifiers) {
    setTarget(seek(scene));
    if (m_target.valid()) return connectTo(m_target);
    if (m_taken) {
        const LinkKey key = *m_taken;
        m_scene.edit(QStringLiteral("Remove link"),
                     [&](graph::Graph& g) { g.disconnect(key.to, key.input); });
        return;
    }
    if (!m_scene.nodeAt(scene)) m_canvas.openTypedSearch(view, m_from);
}

void LinkTool::cancel() {}

void LinkTool::paint(QPainter& painter) {
    const auto start = m_scene.socketPosition(m_from);
    if (!start) return;
    const QPainterPath path = m_from.output ? look::linkPath(*start, m_at) : look::linkPath(m_at, *start);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(socketColor(QString::fromStdString(m_type)), 2, Qt::SolidLine, Qt::RoundCap));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    if (m_target.valid()) return;
    painter.setBrush(socketColor(QString::fromStdString(m_type)));
    painter.setPen(Qt::NoPen);
    painter.drawEllipse(m_at, 4, 4);
}

} // namespace ochre::ui
