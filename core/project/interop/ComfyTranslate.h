// SPDX-License-Identifier: GPL-3.0-or-later
// What reader and writer of ComfyUI files share: values by rule and declaration, looks, titles and frames.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/graph/Graph.h"
#include "core/project/interop/ComfyTable.h"

namespace ochre::project::interop {

/// Member of Node::extra and of a project's extra that holds what ComfyUI said.
inline constexpr const char* kComfyMember = "comfyui";
/// Placeholders for classes that Ochre does not have are of type "comfyui:CLASS".
inline constexpr std::string_view kPlaceholder = "comfyui:";

/// A widget's value as `declaration` takes it. Nothing where it cannot be said; a word that the choice does
/// not have is kept, so that the node itself says so.
std::optional<graph::ParameterValue> translate(const WidgetRule& rule, const Json& value,
                                               const graph::NodeDeclaration& declaration);
/// As set at the node, else the declaration's default.
std::optional<graph::ParameterValue> currentValue(const graph::Node& node,
                                                  const graph::NodeDeclaration& declaration,
                                                  const std::string& parameter);
bool sameValue(const graph::ParameterValue& a, const graph::ParameterValue& b); ///< 1 and 1.0 are the same

graph::NodeLook lookOf(const Json& node);
std::string labelOf(const Json& node);
graph::Frame frameOf(const Json& group, std::uint32_t id);
/// "#3f789e" from "#3f789e" or "#38e"; empty for what is no such colour.
std::string hexColor(const std::string& text);

/// The JSON that a node came from; null for nodes made in Ochre.
const Json* originOf(const graph::Node& node);

} // namespace ochre::project::interop
