// SPDX-License-Identifier: GPL-3.0-or-later
// The node canvas: shows a document's graph and changes it, always as steps of undo. Knows nothing of how
// graphs are run.
#pragma once

#include <QGraphicsView>
#include <array>
#include <functional>
#include <memory>
#include <set>

#include "core/graph/Executor.h"
#include "core/project/Document.h"
#include "ui/canvas/CanvasCommands.h"
#include "ui/canvas/NodeFace.h"

namespace ochre::ui {

class Breadcrumb;
class CanvasScene;
class CanvasTool;
class EmptyState;
class ErrorCard;
class Minimap;
class NodeItem;
class SearchMenu;
class ValueEditor;
using NodeSet = std::set<graph::NodeId>;

class Canvas : public QGraphicsView {
    Q_OBJECT
public:
    /// Both must outlive the canvas.
    Canvas(project::Document& document, const graph::NodeRegistry& registry, QWidget* parent = nullptr);
    ~Canvas() override;

    CanvasScene& canvasScene() const { return *m_scene; }
    const std::vector<CanvasCommand>& commands() const { return m_commands; }
    bool trigger(const QString& command); ///< false when it is unknown or not possible now

    NodeSet selection() const;
    void select(const NodeSet& nodes);
    double zoom() const { return transform().m11(); }
    void setZoom(double zoom, QPointF fixedInView);
    void lookAt(QPointF scene); ///< centre of the view
    QRectF sceneInView() const;
    void fit(const QRectF& scene);
    void fitAll();
    void fitSelection();
    void reveal(graph::NodeId node); ///< selects it and scrolls to it
    void openSearch(QPoint inView);
    void openTypedSearch(QPoint inView,
                         const SocketRef& from); ///< only what can be linked to `from`, and then is
    void openFind();
    void renameSelected();
    void editField(graph::NodeId node, const std::string& parameter);
    void setParameter(graph::NodeId node, const std::string& parameter, const graph::ParameterValue& value,
                      const std::string& mergeKey = {});
    bool snapping() const { return m_snapping; }
    void setSnapping(bool on) { m_snapping = on; }
    bool minimapWanted() const;
    void setMinimapWanted(bool wanted);
    bool leaveGroup(); ///< false at the top
    void enterGroup(graph::NodeId node);
    QPointF cursorInScene() const; ///< where the pointer is, or the middle of the view

public Q_SLOTS:
    void setNodeState(ochre::graph::NodeId node, const ochre::graph::NodeState& state);
    /// `detail`: the full size, "1920 × 1080".
    void setThumbnail(ochre::graph::NodeId node, const QImage& image, const QString& detail = {});
    void setViewedNode(ochre::graph::NodeId node);
    void clearResults(); ///< another document was opened
    void restoreView();  ///< centre and zoom as the document remembers them, or all of it

Q_SIGNALS:
    void selectionChanged(const std::vector<ochre::graph::NodeId>& nodes);
    void viewRequested(ochre::graph::NodeId node); ///< show its result in the viewer
    void runRequested(ochre::graph::NodeId node);  ///< run to here
    void groupOpened(const QString& label);        ///< empty: back in the document's graph
    void statusHint(const QString& text);
    void failed(const QString& message, const QString& hint);
    void filesDropped(const QStringList& files, QPointF scene);
    void maximiseRequested(); ///< Space was tapped

protected:
    bool event(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    bool focusNextPrevChild(bool next) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void drawBackground(QPainter* painter, const QRectF& rect) override;
    void drawForeground(QPainter* painter, const QRectF& rect) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragMoveEvent(QDragMoveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    friend class CanvasTool;
    std::unique_ptr<CanvasTool> toolFor(QMouseEvent* event);
    std::unique_ptr<CanvasTool> toolForNode(QMouseEvent* event, NodeItem& item, QPointF scene);
    void clickNode(graph::NodeId node, QPointF scene);
    void hover(QPointF scene);
    void drawTinyTitles(QPainter& painter);
    void placeOverlays();
    void rememberView();
    std::array<double, 3> viewNow() const; ///< zoom and scroll
    double horizontalOffsetNow() const;
    double verticalOffsetNow() const;
    void openChoiceMenu(graph::NodeId node, const FaceRow& row);
    void openPathDialog(graph::NodeId node, const FaceRow& row);
    void openColorDialog(graph::NodeId node, const FaceRow& row);
    void openTextEditor(graph::NodeId node, const FaceRow& row);
    void openTitleEditor(const QRectF& scene, const QString& text,
                         std::function<void(const QString&)> commit);
    std::vector<struct SearchEntry> nodeEntries(const QString& text, const std::string& from,
                                                const std::string& to) const;
    void addFromSearch(const QString& id, QPointF scene, const std::optional<SocketRef>& from);
    void connectScene();
    QString hintAt(QPointF scene) const;

    CanvasScene* m_scene;
    SearchMenu* m_search;
    Minimap* m_minimap;
    Breadcrumb* m_breadcrumb;
    EmptyState* m_empty;
    ErrorCard* m_error;
    ValueEditor* m_editor;
    std::vector<CanvasCommand> m_commands;
    std::unique_ptr<CanvasTool> m_tool;
    std::function<void(const QString&)> m_onChosen; ///< what the open search is for
    graph::NodeId m_hovered = 0;
    std::array<double, 3> m_fitted{}; ///< the view when it last showed all
    QPoint m_pressAt, m_lastPointer;
    graph::NodeId m_pressedNode = 0; ///< a click on it acts when the button is let go
    bool m_pointerSeen = false, m_pressed = false, m_moved = false, m_spaceHeld = false, m_spaceUsed = false,
         m_snapping = false;
    QString m_lastHint;
};

} // namespace ochre::ui
