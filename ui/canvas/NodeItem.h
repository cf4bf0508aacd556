// SPDX-License-Identifier: GPL-3.0-or-later
// One node on the canvas: a painted item, no widgets. The scene tells it what to show; the view handles the
// mouse.
#pragma once

#include <QGraphicsItem>
#include <QImage>
#include <QPixmap>
#include <functional>

#include "core/graph/Executor.h"
#include "ui/canvas/NodeFace.h"

namespace ochre::ui {

/// How a socket looks while a link is being dragged.
enum class SocketMood { Plain, Faded, Target };

/// What is under a point of a node.
enum class NodePart { None, Header, Body, Field, Thumbnail, Error, Border };

class NodeItem : public QGraphicsItem {
public:
    explicit NodeItem(graph::NodeId id);

    graph::NodeId id() const { return m_id; }
    const NodeFace& face() const { return m_face; }
    const graph::NodeState& state() const { return m_state; }
    QRectF frame() const; ///< the visible body in scene coordinates, without shadow and footer

    void setFace(const graph::Node& node, const graph::Graph& graph, const graph::NodeRegistry& registry,
                 const graph::GroupDefinition* within);
    void setState(const graph::NodeState& state);
    /// `detail` is the full size, "1920 × 1080", for the footer.
    void setThumbnail(const QImage& image, const QString& detail);
    bool hasThumbnail() const { return !m_thumbnail.isNull(); }
    void setChosen(bool chosen);
    bool chosen() const { return m_chosen; }
    void setHovered(bool hovered);
    void setViewed(bool viewed); ///< the viewer shows it
    /// `mood` per socket while dragging; `snapped` grows. An empty function ends it.
    void setMoods(std::function<SocketMood(const SocketRef&)> moods);
    void themeChanged();

    std::optional<QPointF> socketScenePosition(const std::string& id, bool output) const;
    /// The socket within `reach` scene units of `scene`, nearest first.
    std::optional<SocketRef> socketAt(QPointF scene, double reach) const;
    NodePart partAt(QPointF scene) const;
    const FaceRow* fieldAt(QPointF scene) const;
    QRectF thumbnailRect() const; ///< local; empty without a thumbnail
    QRectF headerRect() const;    ///< local
    double errorHeight() const;
    QString errorText() const;

    QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    void relayout();
    void paintFull(QPainter& p, const QRectF& exposed);
    void paintBody(QPainter& p, bool simple);
    void paintHeader(QPainter& p, bool simple);
    void paintState(QPainter& p, QRectF area);
    void paintError(QPainter& p);
    void paintRow(QPainter& p, const FaceRow& row);
    void paintField(QPainter& p, const FaceRow& row);
    void paintSockets(QPainter& p);
    void paintSocket(QPainter& p, QPointF at, const FaceSocket& socket, bool output);
    void paintThumbnail(QPainter& p, bool smooth);
    void paintFooter(QPainter& p);
    void paintBypass(QPainter& p);
    void paintMiddle(QPainter& p, double scale);
    void paintBlock(QPainter& p, double scale);

    graph::NodeId m_id;
    NodeFace m_face;
    graph::NodeState m_state;
    QPixmap m_thumbnail;
    QString m_detail;
    std::function<SocketMood(const SocketRef&)> m_moods;
    QString m_shownTitle; ///< elided once, not at each paint
    bool m_chosen = false, m_hovered = false, m_viewed = false;
    double m_bodyHeight = 0; ///< rows and thumbnail
};

/// Short texts of the footer and the header: "1.4 s", "24 MB".
QString durationText(double seconds);
QString bytesText(std::size_t bytes);

} // namespace ochre::ui
