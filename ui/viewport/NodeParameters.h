// SPDX-License-Identifier: GPL-3.0-or-later
// What a node of the document says, for what edits it in the viewer.
#pragma once

#include <string>
#include <variant>

#include "core/graph/Node.h"

namespace ochre::ui {

/// A parameter of that type; the fallback where the node has none, or one of another type.
template <typename T = std::string>
T parameterOf(const graph::Node& node, const char* name, T fallback = {}) {
    const auto found = node.parameters.find(name);
    const T* value = found == node.parameters.end() ? nullptr : std::get_if<T>(&found->second);
    return value ? *value : fallback;
}

} // namespace ochre::ui
