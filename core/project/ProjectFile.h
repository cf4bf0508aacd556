// SPDX-License-Identifier: GPL-3.0-or-later
// The .ochre file: JSON text with a schema version. Older versions are upgraded step by step, newer minor ones open with a
// warning, and what this program does not know is kept and written back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/project/Document.h"

namespace ochre::project {

struct Project {
    graph::Graph graph;
    View view;
    Json extra = nullptr;
    std::string warning; ///< "written by a newer Ochre (schema 3): …", or empty
};

/// `subject` starts every message. Throws Error: NotMine when it is no Ochre project, Broken when damaged, Failed when its
/// minimum version is above ours.
Project projectFromText(std::string_view text, std::string_view subject);
std::string projectToText(const graph::Graph& graph, const View& view, const Json& extra = nullptr);

/// From a .ochre file, or from the graph that Ochre embedded in a picture. Limits: 64 MiB of text.
Project readProject(const std::filesystem::path& path);
/// Atomic; the text is read back and compared before it replaces the file.
void writeProject(const std::filesystem::path& path, const graph::Graph& graph, const View& view,
                  const Json& extra = nullptr);

/// Part of a graph as text for the clipboard, links among the nodes included (and those from outside, by id).
std::string selectionToText(const graph::Graph& graph, const std::vector<graph::NodeId>& nodes);
/// Adds it, moved by (dx, dy), with new ids and names. `keepInputs`: links from outside are kept where the source still
/// stands. Returns the new nodes. Throws Error when the text is no selection.
std::vector<graph::NodeId> pasteText(graph::Graph& graph, std::string_view text, double dx, double dy,
                                     bool keepInputs = false);

} // namespace ochre::project
