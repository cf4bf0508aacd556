// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse, keys, drops: which tool or command an event becomes.
#include <QApplication>
#include <QContextMenuEvent>
#include <QDropEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMimeData>
#include <QScrollBar>
#include <QToolTip>
#include <QUrl>
#include <algorithm>
#include <cmath>

#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasLook.h"
#include "ui/canvas/LinkTool.h"
#include "ui/canvas/Minimap.h"
#include "ui/canvas/Overlays.h"
#include "ui/canvas/SearchMenu.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

bool isNumber(const FaceRow& row) {
    return std::holds_alternative<double>(row.value) || std::holds_alternative<std::int64_t>(row.value);
}

QKeySequence keysOf(const QKeyEvent& event) {
    // The keypad's keys mean the same, and Shift+Tab arrives as Backtab.
    return QKeySequence((event.modifiers() & ~Qt::KeypadModifier) | Qt::Key(event.key()));
}

} // namespace

bool Canvas::focusNextPrevChild(bool) {
    return false; // Tab opens the search
}

bool Canvas::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        // Keys of the canvas win over the window's while the canvas has the focus.
        const auto* key = static_cast<QKeyEvent*>(event);
        const QKeySequence pressed = keysOf(*key);
        for (const CanvasCommand& command : m_commands)
            if (command.keys.contains(pressed) && command.enabled()) {
                event->accept();
                return true;
            }
    }
    return QGraphicsView::event(event);
}

void Canvas::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Space) {
        if (!event->isAutoRepeat()) {
            m_spaceHeld = true;
            m_spaceUsed = false;
            viewport()->setCursor(Qt::OpenHandCursor);
        }
        return event->accept();
    }
    if (event->key() == Qt::Key_Escape) {
        if (m_tool) {
            m_tool->cancel();
            m_tool.reset();
            m_pressed = false;
            viewport()->update();
            return;
        }
        if (m_error->isVisible()) return m_error->hide();
        if (leaveGroup()) return;
        m_scene->choose({});
        return;
    }
    const QKeySequence pressed = keysOf(*event);
    for (const CanvasCommand& command : m_commands) {
        if (!command.keys.contains(pressed)) continue;
        event->accept();
        if (command.enabled()) command.run();
        return;
    }
    event->ignore();
}

void Canvas::keyReleaseEvent(QKeyEvent* event) {
    if (event->key() != Qt::Key_Space || event->isAutoRepeat()) return QGraphicsView::keyReleaseEvent(event);
    m_spaceHeld = false;
    viewport()->setCursor(Qt::ArrowCursor);
    if (!m_spaceUsed) Q_EMIT maximiseRequested();
}

std::unique_ptr<CanvasTool> Canvas::toolFor(QMouseEvent* event) {
    const QPointF scene = mapToScene(event->pos());
    const auto mods = event->modifiers();
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && m_spaceHeld))
        return std::make_unique<PanTool>(*this, event->pos());
    const bool cut = (event->button() == Qt::RightButton && mods & Qt::ControlModifier) ||
                     (event->button() == Qt::LeftButton && mods & Qt::AltModifier);
    if (cut) return std::make_unique<CutTool>(*this);
    if (event->button() != Qt::LeftButton) return nullptr;
    if (zoom() >= look::kRowsFrom)
        if (const auto socket = m_scene->socketAt(scene, look::kSocketReach / zoom()))
            return std::make_unique<LinkTool>(*this, *socket);
    if (NodeItem* item = m_scene->nodeAt(scene)) return toolForNode(event, *item, scene);
    const bool add = mods & Qt::ShiftModifier;
    if (LinkItem* link = m_scene->linkAt(scene, 6 / zoom())) {
        auto links = add ? m_scene->chosenLinks() : std::vector<LinkKey>();
        links.push_back(link->key());
        m_scene->choose(add ? m_scene->chosenNodes() : NodeSet(), links);
        return nullptr;
    }
    if (FrameItem* frame = m_scene->frameAt(scene)) {
        if (frame->handleRect().contains(scene))
            return std::make_unique<ResizeTool>(*this, 0, frame->model().id, scene);
        m_scene->choose(add ? m_scene->chosenNodes() : NodeSet(), {}, {frame->model().id});
        return std::make_unique<MoveTool>(*this, scene);
    }
    if (!add) m_scene->choose({});
    return std::make_unique<BoxTool>(*this, scene, add);
}

std::unique_ptr<CanvasTool> Canvas::toolForNode(QMouseEvent* event, NodeItem& item, QPointF scene) {
    const graph::NodeId id = item.id();
    m_pressedNode = id;
    NodeSet chosen = m_scene->chosenNodes();
    if (event->modifiers() & Qt::ShiftModifier) {
        if (chosen.count(id)) {
            chosen.erase(id);
            m_scene->choose(chosen, m_scene->chosenLinks(), m_scene->chosenFrames());
            m_pressedNode = 0;
            return nullptr;
        }
        chosen.insert(id);
        m_scene->choose(chosen, m_scene->chosenLinks(), m_scene->chosenFrames());
    } else if (!chosen.count(id)) {
        m_scene->choose({id});
    }
    if (zoom() >= look::kRowsFrom) {
        const NodePart part = item.partAt(scene);
        if (part == NodePart::Border) return std::make_unique<ResizeTool>(*this, id, 0, scene);
        const FaceRow* row = part == NodePart::Field ? item.fieldAt(scene) : nullptr;
        if (row && isNumber(*row)) return std::make_unique<ValueTool>(*this, id, row->parameter->id, scene);
    }
    return std::make_unique<MoveTool>(*this, scene);
}

void Canvas::mousePressEvent(QMouseEvent* event) {
    setFocus();
    m_editor->finish(true);
    m_search->close();
    m_error->hide();
    m_pointerSeen = true;
    m_lastPointer = m_pressAt = event->pos();
    m_moved = false;
    m_pressedNode = 0;
    if (m_tool) m_tool->cancel();
    m_tool = toolFor(event);
    m_pressed = event->button() == Qt::LeftButton || m_tool;
    if (m_spaceHeld) m_spaceUsed = true;
    if (m_tool) viewport()->setCursor(m_tool->cursor());
    event->accept();
}

void Canvas::mouseMoveEvent(QMouseEvent* event) {
    m_pointerSeen = true;
    m_lastPointer = event->pos();
    const QPointF scene = mapToScene(event->pos());
    if (!m_tool || m_search->isOpen()) return hover(scene);
    if (!m_moved && (event->pos() - m_pressAt).manhattanLength() < m_tool->threshold()) return;
    m_moved = true;
    m_tool->move(scene, event->pos(), event->modifiers());
}

void Canvas::mouseReleaseEvent(QMouseEvent* event) {
    if (!m_pressed) return;
    m_pressed = false;
    const QPointF scene = mapToScene(event->pos());
    if (m_tool && m_moved) m_tool->release(scene, event->pos(), event->modifiers());
    if (!m_search->isOpen()) m_tool.reset(); // a dragged link stays in sight while its other end is searched
    viewport()->setCursor(m_spaceHeld ? Qt::OpenHandCursor : Qt::ArrowCursor);
    viewport()->update();
    if (!m_moved && m_pressedNode && event->button() == Qt::LeftButton) {
        if (!(event->modifiers() & Qt::ShiftModifier) && m_scene->chosenNodes().size() > 1)
            m_scene->choose({m_pressedNode});
        clickNode(m_pressedNode, scene);
    }
    m_pressedNode = 0;
}

void Canvas::clickNode(graph::NodeId id, QPointF scene) {
    const NodeItem* item = m_scene->node(id);
    if (!item || zoom() < look::kRowsFrom) return;
    const NodePart part = item->partAt(scene);
    if (part == NodePart::Thumbnail) Q_EMIT viewRequested(id);
    if (part == NodePart::Error && item->state().error) {
        const QPointF below =
            item->frame().topLeft() + QPointF(0, metrics::kNodeHeader + item->errorHeight());
        m_error->open(mapFromScene(below), item->face().title, *item->state().error);
    }
    const FaceRow* found = part == NodePart::Field ? item->fieldAt(scene) : nullptr;
    if (!found) return;
    const FaceRow row = *found; // a change draws the node anew, and its rows with it
    const graph::ParameterKind kind = row.parameter->kind;
    const double right = item->frame().left() + item->face().fieldRect(row).right();
    if (kind == graph::ParameterKind::Bool)
        setParameter(id, row.parameter->id, !std::get<bool>(row.value));
    else if (kind == graph::ParameterKind::Choice)
        openChoiceMenu(id, row);
    else if (kind == graph::ParameterKind::Color)
        openColorDialog(id, row);
    else if (*look::markOf(kind) && !isNumber(row) && scene.x() > right - 24)
        openPathDialog(id, row);
}

void Canvas::mouseDoubleClickEvent(QMouseEvent* event) {
    m_pressed = false;
    m_tool.reset();
    if (event->button() != Qt::LeftButton || event->modifiers() & Qt::AltModifier) return;
    const QPointF scene = mapToScene(event->pos());
    if (const NodeItem* item = m_scene->nodeAt(scene)) {
        const NodePart part = zoom() < look::kRowsFrom ? NodePart::Body : item->partAt(scene);
        if (part == NodePart::Field) return editField(item->id(), item->fieldAt(scene)->parameter->id);
        if (item->face().group && part != NodePart::Thumbnail) return enterGroup(item->id());
        if (part == NodePart::Header) {
            select({item->id()});
            return renameSelected();
        }
        if (part == NodePart::Thumbnail || part == NodePart::Body) Q_EMIT viewRequested(item->id());
        return;
    }
    if (FrameItem* frame = m_scene->frameAt(scene)) {
        m_scene->choose({}, {}, {frame->model().id});
        return renameSelected();
    }
    openSearch(event->pos());
}

void Canvas::wheelEvent(QWheelEvent* event) {
    m_editor->finish(true);
    const QPoint angle = event->angleDelta();
    if (event->modifiers() & Qt::ShiftModifier) {
        const int by = angle.y() ? angle.y() : angle.x();
        horizontalScrollBar()->setValue(horizontalScrollBar()->value() - by);
    } else {
        setZoom(zoom() * std::pow(1.0015, angle.y()), event->position());
    }
    event->accept();
}

void Canvas::hover(QPointF scene) {
    NodeItem* item = m_scene->nodeAt(scene);
    const graph::NodeId now = item ? item->id() : 0;
    if (now != m_hovered) {
        if (NodeItem* before = m_scene->node(m_hovered)) before->setHovered(false);
        if (item) item->setHovered(true);
        m_hovered = now;
    }
    Qt::CursorShape shape = Qt::ArrowCursor;
    const bool rows = zoom() >= look::kRowsFrom;
    if (m_spaceHeld)
        shape = Qt::OpenHandCursor;
    else if (rows && m_scene->socketAt(scene, look::kSocketReach / zoom()))
        shape = Qt::CrossCursor;
    else if (rows && item && item->partAt(scene) == NodePart::Border)
        shape = Qt::SizeHorCursor;
    else if (const FaceRow* row = rows && item ? item->fieldAt(scene) : nullptr)
        shape = isNumber(*row) ? Qt::SizeHorCursor : Qt::ArrowCursor;
    else if (!item)
        if (const FrameItem* frame = m_scene->frameAt(scene); frame && frame->handleRect().contains(scene))
            shape = Qt::SizeFDiagCursor;
    viewport()->setCursor(shape);
    const QString hint = hintAt(scene);
    if (hint == m_lastHint) return;
    m_lastHint = hint;
    Q_EMIT statusHint(hint);
}

QString Canvas::hintAt(QPointF scene) const {
    const bool rows = zoom() >= look::kRowsFrom;
    if (const auto socket = rows ? m_scene->socketAt(scene, look::kSocketReach / zoom()) : std::nullopt) {
        const FaceSocket* face = m_scene->findSocket(*socket);
        return QStringLiteral("%1 (%2): drag to link, or onto the empty canvas to search")
            .arg(face->label, QString::fromStdString(face->type));
    }
    if (const NodeItem* item = m_scene->nodeAt(scene)) return item->face().help;
    return QStringLiteral("Tab adds a node, dragging selects, Alt and dragging cuts links, the wheel zooms");
}

bool Canvas::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::Leave) {
        if (NodeItem* before = m_scene->node(m_hovered)) before->setHovered(false);
        m_hovered = 0;
    }
    if (event->type() != QEvent::ToolTip) return QGraphicsView::viewportEvent(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const QPointF scene = mapToScene(help->pos());
    QString text;
    if (const auto socket = m_scene->socketAt(scene, look::kSocketReach / zoom())) {
        const FaceSocket* face = m_scene->findSocket(*socket);
        text = QStringLiteral("%1 · %2%3")
                   .arg(face->label, QString::fromStdString(face->type),
                        face->list       ? QStringLiteral(", list")
                        : face->optional ? QStringLiteral(", optional")
                                         : QString());
    } else if (const NodeItem* item = m_scene->nodeAt(scene)) {
        const FaceRow* row = item->fieldAt(scene);
        if (row)
            text = QString::fromStdString(row->parameter->help);
        else if (item->partAt(scene) == NodePart::Error)
            text = item->errorText();
        else if (item->partAt(scene) == NodePart::Header)
            text = item->face().help;
    }
    if (text.isEmpty())
        QToolTip::hideText();
    else
        QToolTip::showText(help->globalPos(), text, this);
    return true;
}

void Canvas::contextMenuEvent(QContextMenuEvent* event) {
    if (event->modifiers() & Qt::ControlModifier || m_tool) return;
    const QPointF scene = mapToScene(event->pos());
    m_lastPointer = event->pos();
    m_pointerSeen = true;
    if (event->reason() == QContextMenuEvent::Mouse)
        if (const NodeItem* item = m_scene->nodeAt(scene); item && !item->chosen()) select({item->id()});
    QMenu menu(this);
    QString section;
    for (const CanvasCommand& command : m_commands) {
        if (command.section.isEmpty()) continue;
        const bool aboutNodes =
            command.section == QLatin1String("node") || command.section == QLatin1String("group");
        if (aboutNodes && !command.enabled()) continue;
        if (!section.isEmpty() && section != command.section) menu.addSeparator();
        section = command.section;
        QAction* action =
            menu.addAction(command.icon.isEmpty() ? QIcon() : icon(command.icon), command.title);
        action->setEnabled(command.enabled());
        if (!command.keys.isEmpty())
            action->setText(command.title + '\t' + command.keys.front().toString(QKeySequence::NativeText));
        connect(action, &QAction::triggered, this, command.run);
    }
    menu.exec(event->globalPos());
}

void Canvas::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void Canvas::dragMoveEvent(QDragMoveEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void Canvas::dropEvent(QDropEvent* event) {
    QStringList files;
    for (const QUrl& url : event->mimeData()->urls())
        if (url.isLocalFile()) files << url.toLocalFile();
    if (files.isEmpty()) return;
    event->acceptProposedAction();
    Q_EMIT filesDropped(files, mapToScene(event->position().toPoint()));
}

} // namespace ochre::ui
