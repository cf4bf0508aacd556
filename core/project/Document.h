// SPDX-License-Identifier: GPL-3.0-or-later
// The open project: its graph, every step of undo, its file. One thread only (the window's, or the command line's).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/Graph.h"
#include "core/project/UndoStack.h"

namespace ochre::project {

/// What the window remembers with a project; never part of undo or of a key.
struct View {
    double canvasX = 0, canvasY = 0, canvasZoom = 1; ///< centre and scale of the canvas
    graph::NodeId viewed = 0;                        ///< node that the viewer shows
    Json scene = nullptr;                            ///< how it shows scenes, in its own words
    bool operator==(const View&) const = default;
};

class Document {
public:
    Document();

    const graph::Graph& graph() const { return m_graph; }

    /// Changes the graph as one step of undo called `title` ("Move 3 nodes"). If `change` throws, nothing has happened.
    /// Steps with the same non-empty `mergeKey` within a second become one (a slider's drag, a node's move).
    void edit(const std::string& title, const std::function<void(graph::Graph&)>& change,
              const std::string& mergeKey = {});
    /// Ends merging: the next edit is a step of its own (the mouse was let go).
    void endMerge();

    bool undo(); ///< false when there is nothing
    bool redo();
    const UndoStack& history() const { return m_history; }

    View& view() { return m_view; }
    const View& view() const { return m_view; }

    const std::filesystem::path& path() const { return m_path; } ///< empty: never saved
    std::string title() const;                                   ///< file name without extension, or "Untitled"
    bool modified() const;
    std::uint64_t revision() const { return m_revision; } ///< grows with every change, undo and redo

    /// Called after each change of the graph, on the same thread, with the graph before.
    void onChanged(std::function<void(const graph::Graph& before)> listener);

    /// Replaces everything; clears undo.
    void reset(graph::Graph graph, View view, std::filesystem::path path);
    void markSaved(std::filesystem::path path);

    Json extra = nullptr; ///< what a newer Ochre's file said at the top level

private:
    void change(graph::Graph next);

    graph::Graph m_graph;
    UndoStack m_history;
    View m_view;
    std::filesystem::path m_path;
    graph::Graph m_saved;
    std::uint64_t m_revision = 0;
    std::vector<std::function<void(const graph::Graph&)>> m_listeners;
};

} // namespace ochre::project
