// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/UndoStack.h"

#include <utility>

namespace ochre::project {
namespace {

constexpr auto kMergeWithin = std::chrono::seconds(1);
const std::string kNothing;

} // namespace

void UndoStack::push(std::string title, graph::Graph before, const std::string& mergeKey) {
    const auto now = std::chrono::steady_clock::now();
    const bool merge = !mergeKey.empty() && mergeKey == m_mergeKey && !m_undo.empty() && m_redo.empty() &&
                       now - m_mergeTime < kMergeWithin;
    m_mergeKey = mergeKey;
    m_mergeTime = now;
    m_redo.clear();
    if (merge) return;
    m_undo.push_back({std::move(title), std::move(before)});
    if (m_undo.size() > kMaxSteps) m_undo.erase(m_undo.begin());
}

void UndoStack::clear() {
    m_undo.clear();
    m_redo.clear();
    m_mergeKey.clear();
}

const std::string& UndoStack::undoTitle() const {
    return m_undo.empty() ? kNothing : m_undo.back().title;
}

const std::string& UndoStack::redoTitle() const {
    return m_redo.empty() ? kNothing : m_redo.back().title;
}

graph::Graph UndoStack::undo(graph::Graph current) {
    Step step = std::move(m_undo.back());
    m_undo.pop_back();
    m_redo.push_back({step.title, std::move(current)});
    m_mergeKey.clear();
    return std::move(step.graph);
}

graph::Graph UndoStack::redo(graph::Graph current) {
    Step step = std::move(m_redo.back());
    m_redo.pop_back();
    m_undo.push_back({step.title, std::move(current)});
    m_mergeKey.clear();
    return std::move(step.graph);
}

} // namespace ochre::project
