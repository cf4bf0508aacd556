// SPDX-License-Identifier: GPL-3.0-or-later
// The document's graph (or the group being edited) as items, kept up by differences: an edit costs what it
// changed.
#pragma once

#include <QGraphicsScene>
#include <QImage>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "core/project/Document.h"
#include "ui/canvas/FrameItem.h"
#include "ui/canvas/LinkItem.h"
#include "ui/canvas/NodeItem.h"

namespace ochre::ui {

using NodeSet = std::set<graph::NodeId>;

class CanvasScene : public QGraphicsScene {
    Q_OBJECT
public:
    CanvasScene(project::Document& document, const graph::NodeRegistry& registry, QObject* parent = nullptr);
    ~CanvasScene() override;

    project::Document& document() { return m_document; }
    const graph::NodeRegistry& registry() const { return m_registry; }
    /// The graph on the canvas: the document's, or that of the group being edited.
    const graph::Graph& graph() const { return m_shown; }
    const graph::GroupDefinition* within() const; ///< the group being edited, or nullptr

    using Change = std::function<void(graph::Graph&)>;
    /// One step of undo on graph(). False, with failed() emitted, when it cannot be done; then nothing has
    /// changed.
    bool edit(const QString& title, const Change& change, const std::string& mergeKey = {});
    /// The same, for what changes the definition of the group being edited.
    bool editGroup(const QString& title, const std::function<void(graph::GroupDefinition&)>& change);

    bool enterGroup(graph::NodeId node);
    void leaveTo(int depth); ///< 0: the document's graph
    int depth() const { return static_cast<int>(m_path.size()); }
    QStringList pathLabels() const;

    NodeItem* node(graph::NodeId id) const;
    LinkItem* link(const LinkKey& key) const;
    const std::unordered_map<graph::NodeId, NodeItem*>& nodes() const { return m_nodes; }
    const std::map<LinkKey, LinkItem*>& links() const { return m_links; }
    const std::vector<FrameItem*>& frames() const { return m_frames; }
    QRectF contents() const; ///< all nodes and frames; empty when there are none

    NodeItem* nodeAt(QPointF scene) const; ///< the topmost
    std::optional<SocketRef> socketAt(QPointF scene, double reach) const;
    LinkItem* linkAt(QPointF scene, double reach) const;
    FrameItem* frameAt(QPointF scene) const; ///< by its header or corner
    std::optional<QPointF> socketPosition(const SocketRef& socket) const;
    const FaceSocket* findSocket(const SocketRef& socket) const;
    /// Whether a link between the two (one output, one input) may be made; types and circles are looked at.
    bool canLink(const SocketRef& a, const SocketRef& b) const;

    NodeSet chosenNodes() const { return m_chosen; }
    std::vector<LinkKey> chosenLinks() const;
    std::vector<std::uint32_t> chosenFrames() const;
    void choose(const NodeSet& nodes, const std::vector<LinkKey>& links = {},
                const std::vector<std::uint32_t>& frames = {});

    /// Moves items without touching the document, while the mouse drags.
    void previewMove(const NodeSet& nodes, const std::vector<std::uint32_t>& frames, QPointF by);
    void relinkItem(graph::NodeId id); ///< ends and looks of the links at a node

    void setNodeState(graph::NodeId id, const graph::NodeState& state);
    void setThumbnail(graph::NodeId id, const QImage& image, const QString& detail);
    void setViewed(graph::NodeId id);
    void clearResults();
    void themeChanged();

Q_SIGNALS:
    void graphChanged();
    void chosenChanged();
    void pathChanged();
    void failed(const QString& message, const QString& hint);

private:
    struct Thumbnail {
        QImage image;
        QString detail;
    };

    const graph::Graph* resolve() const;
    void sync();
    void rebuild();
    void syncNodes(const std::vector<graph::NodeId>& changed, const graph::Graph& before);
    void syncFrames();
    void removeLinksInto(graph::NodeId id);
    void addLinksInto(const graph::Node& node);
    void updateLink(LinkItem& item);
    void dress(NodeItem& item);
    void dropStaleChoice();

    project::Document& m_document;
    const graph::NodeRegistry& m_registry;
    std::shared_ptr<bool> m_alive =
        std::make_shared<bool>(true); ///< listeners of a document cannot be removed
    std::vector<std::string> m_path;
    graph::Graph m_shown;
    std::unordered_map<graph::NodeId, NodeItem*> m_nodes;
    std::map<LinkKey, LinkItem*> m_links;
    std::vector<FrameItem*> m_frames;
    NodeSet m_chosen;
    std::map<graph::NodeId, graph::NodeState> m_states; ///< of the document's own nodes
    std::map<graph::NodeId, Thumbnail> m_thumbnails;
    graph::NodeId m_viewed = 0;
};

} // namespace ochre::ui
