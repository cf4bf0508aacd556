// SPDX-License-Identifier: GPL-3.0-or-later
// A node as the document stores it, its links, and what the canvas knows of it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "core/base/Json.h"
#include "core/graph/Parameter.h"

namespace ochre::graph {

using NodeId = std::uint32_t; ///< never reused within a document; 0 is none

/// Where an input gets its value.
struct Link {
    NodeId node = 0;
    std::string output;
    auto operator<=>(const Link&) const = default;
};

/// What the canvas knows of a node; never part of a key. Scene units are logical pixels.
struct NodeLook {
    double x = 0, y = 0, width = 0; ///< width 0: the default
    bool collapsed = false;
    std::string color = {}; ///< "#rrggbb" or empty
    bool operator==(const NodeLook&) const = default;
};

/// Group nodes have the declaration id "group" and name their definition; "group.input" and "group.output"
/// stand inside.
struct Node {
    NodeId id = 0;
    std::string type; ///< declaration id; unknown ids are kept and written back as they came
    int version = 1;
    std::string name;      ///< unique in its graph, for --set and messages: "resize", "resize_2"
    std::string label;     ///< the artist's own title; empty: the declaration's
    std::string group;     ///< group nodes: id of the definition
    bool muted = false;    ///< as if it were not there
    bool bypassed = false; ///< hands inputs through to outputs of the same type
    std::map<std::string, ParameterValue> parameters; ///< only those that were set
    std::map<std::string, Link> inputs;               ///< by input (or parameter) id
    NodeLook look;
    Json extra = nullptr; ///< what a newer or foreign file said beyond this
};

struct Frame { ///< a titled rectangle behind nodes
    std::uint32_t id = 0;
    std::string title, color;
    double x = 0, y = 0, width = 0, height = 0;
    bool operator==(const Frame&) const = default;
};

constexpr NodeId kMaxNodeId = 0x7fffffff;

} // namespace ochre::graph
