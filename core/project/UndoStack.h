// SPDX-License-Identifier: GPL-3.0-or-later
// Steps of undo. Graphs share structure, so a step is the graph before it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/graph/Graph.h"

namespace ochre::project {

class UndoStack {
public:
    /// `before` is the graph that undoing this step brings back.
    void push(std::string title, graph::Graph before, const std::string& mergeKey);
    void endMerge() { m_mergeKey.clear(); }
    void clear();

    bool canUndo() const { return !m_undo.empty(); }
    bool canRedo() const { return !m_redo.empty(); }
    const std::string& undoTitle() const; ///< empty when there is none
    const std::string& redoTitle() const;

    /// Gives the graph to go to; `current` is kept for the way back. Call only when canUndo() / canRedo().
    graph::Graph undo(graph::Graph current);
    graph::Graph redo(graph::Graph current);

private:
    struct Step {
        std::string title;
        graph::Graph graph;
    };
    static constexpr std::size_t kMaxSteps = 1000;

    std::vector<Step> m_undo, m_redo;
    std::string m_mergeKey;
    std::chrono::steady_clock::time_point m_mergeTime;
};

} // namespace ochre::project
