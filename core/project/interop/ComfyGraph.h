// SPDX-License-Identifier: GPL-3.0-or-later
// A ComfyUI workflow as it stands in a file: nodes, links and definitions of subgraphs, nothing interpreted
// yet. Facts: workflow schema 0.4 and 1.0 of ComfyUI's front end, and the API ("prompt") format of its
// server.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Json.h"
#include "core/project/interop/ComfyTable.h"

namespace ochre::project::interop {

// What a file may hold; beyond it is an Error.
inline constexpr std::size_t kMaxWorkflowBytes = std::size_t{16} << 20;
inline constexpr int kMaxWorkflowDepth = 100; ///< what is kept stands a little deeper in the project
inline constexpr std::size_t kMaxWorkflowNodes = 20'000, kMaxWorkflowLinks = 200'000, kMaxSlots = 1'000;
inline constexpr std::size_t kMaxDefinitions = 1'000, kMaxNameBytes = 1'000;
inline constexpr int kMaxSubgraphDepth = 16;
/// Ends of a subgraph, as its links name them.
inline constexpr const char *kSubgraphInput = "-10", *kSubgraphOutput = "-20";

struct ForeignSlot {
    std::string name, type, widget; ///< `widget`: the widget that this input replaces
};

struct ForeignNode {
    std::string id; ///< number or text of the file
    std::string type;
    int mode = 0; ///< 2 muted, 4 bypassed
    std::vector<ForeignSlot> inputs, outputs;
    Json json; ///< all of it
};

struct ForeignLink {
    std::string id, from, to;
    std::size_t fromSlot = 0, toSlot = 0;
    Json json;
};

struct ForeignGraph {
    std::string id, name;                     ///< of a definition
    std::vector<ForeignSlot> inputs, outputs; ///< of a definition
    std::vector<ForeignNode> nodes;
    std::vector<ForeignLink> links;
    /// The whole object with "nodes" as the list of their ids.
    Json skeleton;

    const ForeignNode* find(const std::string& id) const;
    void index(); ///< after `nodes` changed

private:
    std::map<std::string, std::size_t> m_byId;
};

struct Workflow {
    ForeignGraph root;
    std::map<std::string, ForeignGraph> definitions; ///< by uuid
};

/// What kind of file the JSON is.
bool isWorkflow(const Json& json);
bool isApiPrompt(const Json& json);

/// JSON of strangers: bare NaN and Infinity, which Python writes, read as null. Throws Error as parseJson.
Json parseForeignJson(std::string_view text, std::string_view subject);

/// Throws Error (Broken) with the place: wrong shapes, ids twice, too much or too deep.
Workflow parseWorkflow(const Json& json, std::string_view subject);

/// A link of either form. Throws Error (Broken) that starts with `place`.
ForeignLink readLink(const Json& json, const std::string& place);

/// Where each widget of `row` stands in a list of widgets_values that is `list` (control slots are stepped
/// over).
std::vector<std::size_t> widgetSlots(const Row& row, const Json& list);
/// Value of a widget in a node's "widgets_values", null where the file says nothing.
Json widgetValue(const Json& node, const Row& row, std::size_t widget);
/// "fixed", "increment", … of the slot behind a seed.
bool isSeedControl(const Json& value);

/// An id as text, and back as a number where it is one.
std::string idText(const Json& id);
Json idJson(const std::string& id);

/// Slots of a node's "inputs" or "outputs"; damaged ones are nameless.
std::vector<ForeignSlot> slotsOf(const Json& node, const char* key);

/// A member that is text; empty where it is not.
std::string textOf(const Json& object, const char* key);

/// Names of slots as ids of sockets: each once. The same list gives the same names.
std::vector<std::string> socketIds(const std::vector<ForeignSlot>& slots, const std::string& fallback);

} // namespace ochre::project::interop
