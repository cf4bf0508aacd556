// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/Document.h"

#include <utility>

namespace ochre::project {

Document::Document() = default;

void Document::edit(const std::string& title, const std::function<void(graph::Graph&)>& change,
                    const std::string& mergeKey) {
    graph::Graph next = m_graph;
    change(next);
    if (next.sameAs(m_graph)) return;
    m_history.push(title, m_graph, mergeKey);
    this->change(std::move(next));
}

void Document::endMerge() {
    m_history.endMerge();
}

bool Document::undo() {
    if (!m_history.canUndo()) return false;
    change(m_history.undo(m_graph));
    return true;
}

bool Document::redo() {
    if (!m_history.canRedo()) return false;
    change(m_history.redo(m_graph));
    return true;
}

std::string Document::title() const {
    return m_path.empty() ? "Untitled" : m_path.stem().string();
}

bool Document::modified() const {
    return !m_graph.sameAs(m_saved);
}

void Document::onChanged(std::function<void(const graph::Graph& before)> listener) {
    m_listeners.push_back(std::move(listener));
}

void Document::reset(graph::Graph graph, View view, std::filesystem::path path) {
    m_history.clear();
    m_view = view;
    m_path = std::move(path);
    m_saved = graph;
    extra = nullptr;
    change(std::move(graph));
}

void Document::markSaved(std::filesystem::path path) {
    m_path = std::move(path);
    m_saved = m_graph;
    m_history.endMerge();
}

void Document::change(graph::Graph next) {
    const graph::Graph before = std::exchange(m_graph, std::move(next));
    ++m_revision;
    for (const auto& listener : m_listeners) listener(before);
}

} // namespace ochre::project
