// SPDX-License-Identifier: GPL-3.0-or-later
// The door for files of other programs: which kind a file is, and what Ochre's own pictures say to them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "core/graph/NodeRegistry.h"
#include "core/project/ProjectFile.h"

namespace ochre::project::interop {

/// A .ochre file; a workflow or API prompt of ComfyUI (.json); a picture that holds, in this order, an Ochre
/// graph, a workflow, a prompt, or A1111 parameters; or such parameters as .txt. What could not be taken over
/// is in the warning. Throws Error as readProject.
Project openProject(const std::filesystem::path& path, const graph::NodeRegistry& registry);

/// JSON text: an Ochre project, or a file of ComfyUI. `near`: the file that it comes from; pictures that it
/// loads are looked for beside it.
Project projectFromForeignText(std::string_view text, std::string_view subject,
                               const graph::NodeRegistry& registry, const std::filesystem::path& near = {});
Project projectFromParameters(std::string_view text, std::string_view subject,
                              const graph::NodeRegistry& registry);

/// Whether the file's name is one that openProject reads.
bool isProjectFile(const std::filesystem::path& path);

/// Texts for pictures of a graph that generates: "prompt" and "workflow" as ComfyUI reads them, where it has
/// all of the generating nodes, and "parameters" as A1111 does. Empty for other graphs; never throws.
std::map<std::string, std::string> pictureTexts(const graph::Graph& graph, const Json& extra,
                                                const graph::NodeRegistry& registry);

} // namespace ochre::project::interop
