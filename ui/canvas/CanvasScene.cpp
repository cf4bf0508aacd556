// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/CanvasScene.h"

#include <algorithm>

#include "core/graph/Types.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

constexpr double kExtent = 60000; ///< half side of the canvas, scene units

/// Applies `change` to the definition at the end of `path`, writing every one on the way back.
void editAt(graph::Graph& graph, const std::vector<std::string>& path, std::size_t level,
            const std::function<void(graph::GroupDefinition&)>& change) {
    const graph::GroupDefinition* found = graph.findGroup(path[level]);
    if (!found)
        throw Error("the group \"" + path[level] + "\" is not there", "leave the group and open it again");
    graph::GroupDefinition definition = *found;
    if (level + 1 < path.size()) {
        graph::Graph inner = *definition.graph;
        editAt(inner, path, level + 1, change);
        definition.graph = std::make_shared<const graph::Graph>(std::move(inner));
    } else {
        change(definition);
    }
    graph.setGroup(std::move(definition));
}

} // namespace

CanvasScene::CanvasScene(project::Document& document, const graph::NodeRegistry& registry, QObject* parent)
    : QGraphicsScene(parent), m_document(document), m_registry(registry) {
    setSceneRect(-kExtent, -kExtent, 2 * kExtent, 2 * kExtent);
    // Every edit takes items out and puts others in, which costs a tree far more than a look at each item.
    setItemIndexMethod(NoIndex);
    document.onChanged([this, alive = std::weak_ptr<bool>(m_alive)](const graph::Graph&) {
        if (!alive.expired()) sync();
    });
    sync();
}

CanvasScene::~CanvasScene() = default;

const graph::Graph* CanvasScene::resolve() const {
    const graph::Graph* graph = &m_document.graph();
    for (const std::string& id : m_path) {
        const graph::GroupDefinition* definition = graph->findGroup(id);
        if (!definition) return nullptr;
        graph = definition->graph.get();
    }
    return graph;
}

const graph::GroupDefinition* CanvasScene::within() const {
    const graph::Graph* graph = &m_document.graph();
    const graph::GroupDefinition* definition = nullptr;
    for (const std::string& id : m_path) {
        definition = graph->findGroup(id);
        if (!definition) return nullptr;
        graph = definition->graph.get();
    }
    return definition;
}

bool CanvasScene::edit(const QString& title, const Change& change, const std::string& mergeKey) {
    const auto path = m_path;
    try {
        m_document.edit(
            title.toStdString(),
            [&](graph::Graph& root) {
                if (path.empty()) return change(root);
                editAt(root, path, 0, [&](graph::GroupDefinition& definition) {
                    graph::Graph inner = *definition.graph;
                    change(inner);
                    definition.graph = std::make_shared<const graph::Graph>(std::move(inner));
                });
            },
            mergeKey);
        return true;
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromStdString(error.message()), QString::fromStdString(error.hint()));
        return false;
    }
}

bool CanvasScene::editGroup(const QString& title,
                            const std::function<void(graph::GroupDefinition&)>& change) {
    if (m_path.empty()) return false;
    const auto path = m_path;
    try {
        m_document.edit(title.toStdString(), [&](graph::Graph& root) { editAt(root, path, 0, change); });
        return true;
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromStdString(error.message()), QString::fromStdString(error.hint()));
        return false;
    }
}

bool CanvasScene::enterGroup(graph::NodeId id) {
    const graph::Node* node = m_shown.find(id);
    if (!node || node->group.empty() || !m_shown.findGroup(node->group)) return false;
    m_path.push_back(node->group);
    rebuild();
    Q_EMIT pathChanged();
    return true;
}

void CanvasScene::leaveTo(int depth) {
    if (depth < 0 || depth >= this->depth()) return;
    m_path.resize(static_cast<std::size_t>(depth));
    rebuild();
    Q_EMIT pathChanged();
}

QStringList CanvasScene::pathLabels() const {
    QStringList labels;
    const graph::Graph* graph = &m_document.graph();
    for (const std::string& id : m_path) {
        const graph::GroupDefinition* definition = graph->findGroup(id);
        if (!definition) break;
        labels << QString::fromStdString(definition->label.empty() ? definition->id : definition->label);
        graph = definition->graph.get();
    }
    return labels;
}

void CanvasScene::rebuild() {
    m_chosen.clear();
    for (const auto& [key, item] : m_links) delete item;
    for (const auto& [id, item] : m_nodes) delete item;
    qDeleteAll(m_frames);
    m_links.clear();
    m_nodes.clear();
    m_frames.clear();
    m_shown = graph::Graph();
    sync();
    Q_EMIT chosenChanged();
}

void CanvasScene::sync() {
    const graph::Graph* now = resolve();
    if (!now) { // undone, or another project: back to where there is something
        while (!m_path.empty() && !resolve()) m_path.pop_back();
        rebuild();
        Q_EMIT pathChanged();
        return;
    }
    const graph::Graph before = std::exchange(m_shown, *now);
    syncNodes(graph::Graph::difference(before, m_shown), before);
    syncFrames();
    dropStaleChoice();
    Q_EMIT graphChanged();
}

void CanvasScene::syncNodes(const std::vector<graph::NodeId>& changed, const graph::Graph& before) {
    NodeSet touched(changed.begin(), changed.end());
    for (const graph::NodeId id : changed) {
        // Sources gain or lose a filled socket.
        for (const graph::Graph* graph : {&before, static_cast<const graph::Graph*>(&m_shown)})
            if (const graph::Node* node = graph->find(id))
                for (const auto& [input, link] : node->inputs) touched.insert(link.node);
        removeLinksInto(id);
        if (m_shown.find(id)) continue;
        m_states.erase(m_path.empty() ? id : 0);
        m_thumbnails.erase(m_path.empty() ? id : 0);
        if (const auto it = m_nodes.find(id); it != m_nodes.end()) {
            delete it->second;
            m_nodes.erase(it);
        }
    }
    if (!m_shown.groups().empty() || !m_path.empty())
        for (const auto& [id, item] : m_nodes)
            if (const graph::Node* node = m_shown.find(id); node && node->type.rfind("group", 0) == 0)
                touched.insert(id);
    const graph::GroupDefinition* definition = within();
    for (const graph::NodeId id : touched) {
        const graph::Node* node = m_shown.find(id);
        if (!node) continue;
        NodeItem*& item = m_nodes[id];
        const bool fresh = !item;
        if (fresh) item = new NodeItem(id);
        item->setFace(*node, m_shown, m_registry, definition);
        if (!fresh) continue;
        dress(*item);
        item->setZValue(1);
        addItem(item);
    }
    for (const graph::NodeId id : changed)
        if (const graph::Node* node = m_shown.find(id)) addLinksInto(*node);
    for (const graph::NodeId id : touched) relinkItem(id);
}

void CanvasScene::dress(NodeItem& item) {
    if (!m_path.empty()) return;
    if (const auto it = m_states.find(item.id()); it != m_states.end()) item.setState(it->second);
    if (const auto it = m_thumbnails.find(item.id()); it != m_thumbnails.end())
        item.setThumbnail(it->second.image, it->second.detail);
    item.setViewed(item.id() == m_viewed);
}

void CanvasScene::syncFrames() {
    const std::vector<graph::Frame>& wanted = m_shown.frames();
    const bool same = wanted.size() == m_frames.size() &&
                      std::equal(wanted.begin(), wanted.end(), m_frames.begin(),
                                 [](const graph::Frame& a, const FrameItem* b) {
                                     return a == b->model() && b->pos() == QPointF(a.x, a.y);
                                 });
    if (same) return;
    const auto chosen = chosenFrames();
    qDeleteAll(m_frames);
    m_frames.clear();
    for (const graph::Frame& frame : wanted) {
        m_frames.push_back(new FrameItem(frame));
        addItem(m_frames.back());
        m_frames.back()->setChosen(std::count(chosen.begin(), chosen.end(), frame.id) > 0);
    }
}

void CanvasScene::removeLinksInto(graph::NodeId id) {
    auto it = m_links.lower_bound({id, {}});
    while (it != m_links.end() && it->first.to == id) {
        delete it->second;
        it = m_links.erase(it);
    }
}

void CanvasScene::addLinksInto(const graph::Node& node) {
    for (const auto& [input, link] : node.inputs) {
        const LinkKey key{node.id, input};
        auto* item = new LinkItem(key, link);
        m_links[key] = item;
        addItem(item);
    }
}

void CanvasScene::relinkItem(graph::NodeId id) {
    for (auto it = m_links.lower_bound({id, {}}); it != m_links.end() && it->first.to == id; ++it)
        updateLink(*it->second);
    for (const graph::NodeId consumer : m_shown.consumers(id))
        for (auto it = m_links.lower_bound({consumer, {}}); it != m_links.end() && it->first.to == consumer;
             ++it)
            if (it->second->from().node == id) updateLink(*it->second);
}

void CanvasScene::updateLink(LinkItem& item) {
    const NodeItem* source = node(item.from().node);
    const NodeItem* target = node(item.key().to);
    if (!source || !target) return;
    const QPointF headerOut(source->face().width, metrics::kNodeHeader / 2.0);
    const QPointF headerIn(0, metrics::kNodeHeader / 2.0);
    item.setEnds(source->socketScenePosition(item.from().output, true).value_or(source->pos() + headerOut),
                 target->socketScenePosition(item.key().input, false).value_or(target->pos() + headerIn));
    const FaceSocket* out = source->face().findSocket(item.from().output, true);
    const FaceSocket* in = target->face().findSocket(item.key().input, false);
    const bool judged = source->face().known && target->face().known;
    const bool fits = !judged || (out && in && graph::TypeRegistry::shared().accepts(in->type, out->type));
    const bool muted = source->face().muted || target->face().muted;
    item.setLook(socketColor(QString::fromStdString(out ? out->type : graph::types::kAny)), fits, muted);
}

NodeItem* CanvasScene::node(graph::NodeId id) const {
    const auto it = m_nodes.find(id);
    return it == m_nodes.end() ? nullptr : it->second;
}

LinkItem* CanvasScene::link(const LinkKey& key) const {
    const auto it = m_links.find(key);
    return it == m_links.end() ? nullptr : it->second;
}

QRectF CanvasScene::contents() const {
    QRectF all;
    for (const auto& [id, item] : m_nodes) all |= item->frame();
    for (const FrameItem* frame : m_frames) all |= frame->rect();
    return all;
}

NodeItem* CanvasScene::nodeAt(QPointF scene) const {
    NodeItem* best = nullptr;
    for (const auto& [id, item] : m_nodes) {
        if (!item->frame().contains(scene)) continue;
        // Painted last is on top: by z, then by age.
        if (!best || item->zValue() > best->zValue() || (item->zValue() == best->zValue() && id > best->id()))
            best = item;
    }
    return best;
}

std::optional<SocketRef> CanvasScene::socketAt(QPointF scene, double reach) const {
    std::optional<SocketRef> best;
    double nearest = reach;
    for (const auto& [id, item] : m_nodes) {
        const auto found = item->socketAt(scene, nearest);
        if (!found) continue;
        const QPointF d = *item->socketScenePosition(found->id, found->output) - scene;
        nearest = std::min(nearest, std::hypot(d.x(), d.y()));
        best = found;
    }
    return best;
}

LinkItem* CanvasScene::linkAt(QPointF scene, double reach) const {
    LinkItem* best = nullptr;
    for (const auto& [key, item] : m_links) {
        const double distance = item->distanceTo(scene, reach);
        if (distance >= reach) continue;
        reach = distance;
        best = item;
    }
    return best;
}

FrameItem* CanvasScene::frameAt(QPointF scene) const {
    for (auto it = m_frames.rbegin(); it != m_frames.rend(); ++it)
        if ((*it)->headerRect().contains(scene) || (*it)->handleRect().contains(scene)) return *it;
    return nullptr;
}

std::optional<QPointF> CanvasScene::socketPosition(const SocketRef& socket) const {
    const NodeItem* item = node(socket.node);
    return item ? item->socketScenePosition(socket.id, socket.output) : std::nullopt;
}

const FaceSocket* CanvasScene::findSocket(const SocketRef& socket) const {
    const NodeItem* item = node(socket.node);
    return item ? item->face().findSocket(socket.id, socket.output) : nullptr;
}

bool CanvasScene::canLink(const SocketRef& a, const SocketRef& b) const {
    if (a.output == b.output || a.node == b.node) return false;
    const SocketRef& out = a.output ? a : b;
    const SocketRef& in = a.output ? b : a;
    const FaceSocket* from = findSocket(out);
    const FaceSocket* to = findSocket(in);
    if (!from || !to || !graph::TypeRegistry::shared().accepts(to->type, from->type)) return false;
    return !m_shown.dependsOn(out.node, in.node);
}

} // namespace ochre::ui
