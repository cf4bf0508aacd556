// SPDX-License-Identifier: GPL-3.0-or-later
// Selection, moves under the mouse, states and pictures of nodes.
#include <algorithm>

#include "ui/canvas/CanvasScene.h"

namespace ochre::ui {

std::vector<LinkKey> CanvasScene::chosenLinks() const {
    std::vector<LinkKey> keys;
    for (const auto& [key, item] : m_links)
        if (item->chosen()) keys.push_back(key);
    return keys;
}

std::vector<std::uint32_t> CanvasScene::chosenFrames() const {
    std::vector<std::uint32_t> ids;
    for (const FrameItem* frame : m_frames)
        if (frame->chosen()) ids.push_back(frame->model().id);
    return ids;
}

void CanvasScene::choose(const NodeSet& wanted, const std::vector<LinkKey>& links,
                         const std::vector<std::uint32_t>& frames) {
    NodeSet now;
    for (const auto& [id, item] : m_nodes) {
        const bool in = wanted.count(id) > 0;
        item->setChosen(in);
        if (in) now.insert(id);
    }
    for (const auto& [key, item] : m_links) item->setChosen(std::count(links.begin(), links.end(), key) > 0);
    for (FrameItem* frame : m_frames)
        frame->setChosen(std::count(frames.begin(), frames.end(), frame->model().id) > 0);
    const bool changed = now != m_chosen;
    m_chosen = std::move(now);
    if (changed) Q_EMIT chosenChanged();
}

void CanvasScene::dropStaleChoice() {
    const auto before = m_chosen.size();
    std::erase_if(m_chosen, [&](graph::NodeId id) { return !m_nodes.count(id); });
    if (m_chosen.size() != before) Q_EMIT chosenChanged();
}

void CanvasScene::previewMove(const NodeSet& nodes, const std::vector<std::uint32_t>& frames, QPointF by) {
    for (const graph::NodeId id : nodes) {
        NodeItem* item = node(id);
        const graph::Node* model = m_shown.find(id);
        if (item && model) item->setPos(QPointF(model->look.x, model->look.y) + by);
    }
    for (const graph::NodeId id : nodes) relinkItem(id);
    for (FrameItem* frame : m_frames)
        if (std::count(frames.begin(), frames.end(), frame->model().id))
            frame->setPos(QPointF(frame->model().x, frame->model().y) + by);
}

void CanvasScene::setNodeState(graph::NodeId id, const graph::NodeState& state) {
    m_states[id] = state;
    if (!m_path.empty()) return;
    if (NodeItem* item = node(id)) {
        const double before = item->errorHeight();
        item->setState(state);
        if (item->errorHeight() != before) relinkItem(id);
    }
}

void CanvasScene::setThumbnail(graph::NodeId id, const QImage& image, const QString& detail) {
    m_thumbnails[id] = {image, detail};
    if (!m_path.empty()) return;
    if (NodeItem* item = node(id)) item->setThumbnail(image, detail);
}

void CanvasScene::setViewed(graph::NodeId id) {
    m_viewed = id;
    for (const auto& [other, item] : m_nodes) item->setViewed(m_path.empty() && other == id);
}

void CanvasScene::clearResults() {
    m_states.clear();
    m_thumbnails.clear();
    for (const auto& [id, item] : m_nodes) {
        item->setState({});
        item->setThumbnail({}, {});
        relinkItem(id);
    }
}

void CanvasScene::themeChanged() {
    for (const auto& [id, item] : m_nodes) {
        item->themeChanged();
        relinkItem(id);
    }
    for (FrameItem* frame : m_frames) frame->update();
    update();
}

} // namespace ochre::ui
