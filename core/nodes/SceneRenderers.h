// SPDX-License-Identifier: GPL-3.0-or-later
// The renderers that nodes draw scenes with.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/render/Projection.h"

namespace ochre::nodes {

/// "auto" draws with Vulkan and where that fails on the CPU, "vulkan" and "cpu" with nothing else. The renderers live as long as
/// the program; a lock keeps runs of several graphs apart. `draw` may be called twice.
void drawScene(const std::string& which, const SplatScene& scene, const std::function<void(Renderer&)>& draw);

/// What is linked to "camera"; else one that sees the whole scene, of the run's width and height.
Camera cameraOrAll(graph::RunContext& run, const SplatScene& scene);

/// The parameters "width" and "height" of a picture of a scene, pixels.
graph::Parameter widthParameter(const std::string& help);
graph::Parameter heightParameter(const std::string& help);

/// The parameters of what is behind a picture, shown unless "transparent" is on.
graph::NodeDeclaration& addBackdrop(graph::NodeDeclaration& declaration);
std::optional<Backdrop> backdropOf(graph::RunContext& run); ///< none where "transparent" is on

/// The parameter "projection" and what it says.
graph::Parameter projectionParameter();
Projection projectionOf(graph::RunContext& run);

/// The parameter "renderer" of nodes that use it.
graph::Parameter rendererParameter();

} // namespace ochre::nodes
