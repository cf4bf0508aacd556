// SPDX-License-Identifier: GPL-3.0-or-later
// ComfyUI workflows as Ochre graphs. What is not understood is kept in the nodes and the project, so that
// ComfyWrite gives it back as it came.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/Graph.h"

namespace ochre::project::interop {

struct ReadComfy {
    graph::Graph graph;
    Json extra = nullptr; ///< for the project: {"comfyui": {"format": "ui"|"api", "root": …}}
    std::vector<std::string> warnings;
};

/// Where the picture lies that a LoadImage names; empty: not found, the name stands.
using FindInput = std::function<std::string(const std::string& name)>;

/// `json` is a workflow (schema 0.4 or 1.0) or an API prompt. Throws Error: NotMine when it is neither,
/// Broken with the place when damaged, too large, too deep, or its links run in a circle.
ReadComfy readComfy(const Json& json, std::string_view subject, const graph::NodeRegistry& registry,
                    const FindInput& findInput = {});

} // namespace ochre::project::interop
