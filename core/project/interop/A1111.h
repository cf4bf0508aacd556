// SPDX-License-Identifier: GPL-3.0-or-later
// The "parameters" text that AUTOMATIC1111's web UI and its kin write into pictures, as a graph, and back.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ParametersText.h"
#include "core/graph/Graph.h"

namespace ochre::project::interop {

using A1111Text = ParametersText;

/// Text to image with these settings, a second pass where "Hires …" asks for one, noise and weights as that
/// program has them. What could not be taken over is told in `warnings`.
graph::Graph graphFromParameters(const A1111Text& text, const graph::NodeRegistry& registry,
                                 std::vector<std::string>& warnings);

/// The settings of the graph's first sampler, and of a second behind it. Nothing where there is no sampler
/// with a prompt.
std::optional<A1111Text> parametersFromGraph(const graph::Graph& graph, const graph::NodeRegistry& registry);

/// Sampler and scheduler of Ochre by the names of the text, and back.
struct SamplerNames {
    std::string sampler, scheduler;
    bool operator==(const SamplerNames&) const = default;
};
std::optional<SamplerNames> samplerFromA1111(const std::string& sampler, const std::string& scheduleType);
/// First the sampler, then the schedule type.
std::pair<std::string, std::string> samplerToA1111(const SamplerNames& names);

} // namespace ochre::project::interop
