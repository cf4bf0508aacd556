// SPDX-License-Identifier: GPL-3.0-or-later
// One Ochre node as the JSON of a ComfyUI node: which class, its widgets, its place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/project/interop/ComfyTranslate.h"

namespace ochre::project::interop {

struct RowChoice {
    const Row* row = nullptr;
    std::map<std::string, const Row*> parts; ///< by the name of the row's input
    std::vector<std::string> lost;           ///< parameters and inputs that the class cannot say
};

/// The class that says most of the node, the one that it came from before others. Row null: there is none.
RowChoice chooseRows(const graph::Node& node, const graph::NodeDeclaration& declaration);

/// What the node carries of its parts, by input: "parts", each as it came, and "reroutes", lists from the node up.
/// Empty when made in Ochre.
const Json& partsOf(const graph::Node& node, const char* member);

/// The JSON that a part came from; null when made in Ochre.
const Json* originOfPart(const graph::Node& node, const std::string& input);

/// A node of class `type` with its sockets, unlinked, and the values that the class starts with.
Json newNode(const std::string& type, const graph::NodeLook& look, const Row* row);

/// Widgets of `row` take the node's parameters; those that mean the same already stay as they are written.
void writeWidgets(Json& json, const Row& row, const graph::Node& node,
                  const graph::NodeDeclaration& declaration);
void setWidget(Json& json, const Row& row, std::size_t widget, Json value);

/// Title, place, size and mode, where they changed.
void writeLook(Json& json, const graph::Node& node);
void writePlace(Json& json, const char* key, std::size_t index, double value);

/// Slot of an input (or output), added where it is missing.
std::size_t inputSlot(Json& json, const std::string& name, const std::string& type, bool widget);

} // namespace ochre::project::interop
