// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyGraph.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Text.h"

namespace ochre::project::interop {
namespace {

/// A value and where it stands.
class Spot {
public:
    Spot(const Json& json, std::string place) : m_json(json), m_place(std::move(place)) {}

    const Json& json() const { return m_json; }
    const std::string& place() const { return m_place; }

    [[noreturn]] void fail(const std::string& what) const {
        throw broken(m_place + ": " + what,
                     "the workflow is damaged, or is of a kind that Ochre does not read");
    }
    const Json* find(const char* key) const {
        if (!m_json.is_object()) return nullptr;
        const auto it = m_json.find(key);
        return it == m_json.end() || it->is_null() ? nullptr : &*it;
    }
    std::string text(const char* key) const {
        const Json* value = find(key);
        return value && value->is_string() ? value->get<std::string>() : std::string();
    }

    /// Items of a list; a missing one has none.
    template <typename Visit>
    void each(const char* key, std::size_t limit, const Visit& visit) const {
        const Json* list = find(key);
        if (!list) return;
        const std::string place = m_place + "." + key;
        if (!list->is_array()) Spot(*list, place).fail("not a list");
        if (list->size() > limit)
            Spot(*list, place).fail(fmt::format("{} entries, more than {}", list->size(), limit));
        std::size_t i = 0;
        for (const Json& item : *list) visit(Spot(item, fmt::format("{}[{}]", place, i++)));
    }

private:
    const Json& m_json;
    std::string m_place;
};

std::string typeText(const Json* type) {
    if (!type || type->is_null()) return "*";
    if (type->is_string()) return type->get<std::string>();
    return type->is_array() ? "COMBO" : "*"; // old files list the choices in place of a name
}

std::vector<ForeignSlot> readSlots(const Spot& node, const char* key) {
    std::vector<ForeignSlot> slots;
    node.each(key, kMaxSlots, [&](const Spot& item) {
        if (!item.json().is_object()) item.fail("not an object");
        ForeignSlot slot{item.text("name"), typeText(item.find("type")), {}};
        if (const Json* widget = item.find("widget")) slot.widget = Spot(*widget, {}).text("name");
        slots.push_back(std::move(slot));
    });
    return slots;
}

ForeignNode readNode(const Spot& spot) {
    if (!spot.json().is_object()) spot.fail("not an object");
    ForeignNode node;
    const Json* id = spot.find("id");
    node.id = id ? idText(*id) : std::string();
    if (node.id.empty()) spot.fail("the id is missing");
    if (node.id == kSubgraphInput || node.id == kSubgraphOutput)
        spot.fail("the id " + node.id + " is taken by the subgraph");
    node.type = spot.text("type");
    if (node.type.empty() || node.type.size() > kMaxNameBytes) spot.fail("the type is missing or too long");
    if (node.id.size() > kMaxNameBytes) spot.fail("the id is too long");
    if (const Json* mode = spot.find("mode"); mode && mode->is_number_integer()) node.mode = mode->get<int>();
    node.inputs = readSlots(spot, "inputs");
    node.outputs = readSlots(spot, "outputs");
    node.json = spot.json();
    return node;
}

std::size_t slotNumber(const Spot& spot, const Json& value) {
    // Old files write the slot as text now and then.
    std::int64_t number = -1;
    if (value.is_number_integer()) number = value.get<std::int64_t>();
    if (value.is_string()) {
        const std::string& text = value.get_ref<const std::string&>();
        std::from_chars(text.data(), text.data() + text.size(), number);
    }
    if (number < 0 || number >= static_cast<std::int64_t>(kMaxSlots))
        spot.fail("a slot number from 0 is missing");
    return static_cast<std::size_t>(number);
}

ForeignLink linkAt(const Spot& spot) {
    const Json& json = spot.json();
    ForeignLink link;
    link.json = json;
    if (json.is_array()) {
        if (json.size() < 5) spot.fail("not a link of the form [id, node, slot, node, slot, type]");
        link.id = idText(json[0]);
        link.from = idText(json[1]);
        link.fromSlot = slotNumber(spot, json[2]);
        link.to = idText(json[3]);
        link.toSlot = slotNumber(spot, json[4]);
        return link;
    }
    if (!json.is_object()) spot.fail("not a link");
    const auto member = [&](const char* key) -> const Json& {
        const Json* value = spot.find(key);
        if (!value) spot.fail(std::string(key) + " is missing");
        return *value;
    };
    link.id = idText(member("id"));
    link.from = idText(member("origin_id"));
    link.fromSlot = slotNumber(spot, member("origin_slot"));
    link.to = idText(member("target_id"));
    link.toSlot = slotNumber(spot, member("target_slot"));
    return link;
}

ForeignGraph readGraph(const Spot& spot) {
    ForeignGraph graph;
    graph.skeleton = spot.json();
    graph.id = spot.text("id");
    graph.name = spot.text("name");
    Json ids = Json::array();
    std::set<std::string> seen;
    spot.each("nodes", kMaxWorkflowNodes, [&](const Spot& item) {
        ForeignNode node = readNode(item);
        if (!seen.insert(node.id).second) item.fail("the id " + node.id + " stands twice");
        ids.push_back(item.json().at("id"));
        graph.nodes.push_back(std::move(node));
    });
    std::set<std::string> links;
    spot.each("links", kMaxWorkflowLinks, [&](const Spot& item) {
        if (item.json().is_null()) return; // holes of old files
        ForeignLink link = linkAt(item);
        if (links.insert(link.id).second) graph.links.push_back(std::move(link));
    });
    graph.skeleton["nodes"] = std::move(ids);
    graph.index();
    return graph;
}

void readDefinitions(const Spot& spot, Workflow& workflow, int depth) {
    const Json* definitions = spot.find("definitions");
    if (!definitions) return;
    if (depth > kMaxSubgraphDepth) spot.fail("subgraphs inside subgraphs, too deep");
    Spot(*definitions, spot.place() + ".definitions")
        .each("subgraphs", kMaxDefinitions, [&](const Spot& item) {
            if (!item.json().is_object()) item.fail("not an object");
            ForeignGraph graph = readGraph(item);
            if (graph.id.empty()) item.fail("the id is missing");
            graph.inputs = readSlots(item, "inputs");
            graph.outputs = readSlots(item, "outputs");
            const std::string id = graph.id;
            if (!workflow.definitions.emplace(id, std::move(graph)).second)
                item.fail("the subgraph " + id + " stands twice");
            if (workflow.definitions.size() > kMaxDefinitions) item.fail("more subgraphs than Ochre reads");
            readDefinitions(item, workflow, depth + 1);
        });
}

/// Instances nest: the whole must stay small, and no subgraph may contain itself.
class Expansion {
public:
    Expansion(const Workflow& workflow, std::string subject)
        : m_workflow(workflow), m_subject(std::move(subject)) {}

    void check() { count(m_workflow.root, 0); }

private:
    std::size_t count(const ForeignGraph& graph, int depth) {
        if (depth > kMaxSubgraphDepth)
            throw broken(m_subject + ": subgraphs inside subgraphs, too deep or in a circle");
        if (const auto known = m_counts.find(graph.id); depth > 0 && known != m_counts.end())
            return known->second;
        std::size_t total = 0;
        for (const ForeignNode& node : graph.nodes) {
            const auto inner = m_workflow.definitions.find(node.type);
            total += 1 + (inner == m_workflow.definitions.end() ? 0 : count(inner->second, depth + 1));
            if (total > kMaxWorkflowNodes)
                throw broken(fmt::format("{}: with its subgraphs it has more than {} nodes", m_subject,
                                         kMaxWorkflowNodes));
        }
        if (depth > 0) m_counts[graph.id] = total;
        return total;
    }

    const Workflow& m_workflow;
    std::string m_subject;
    std::map<std::string, std::size_t> m_counts;
};

/// Python's bare NaN, Infinity and -Infinity become null; texts are left alone.
std::string withoutBareNumbers(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\' && i + 1 < text.size()) {
            out += c;
            out += text[++i];
            continue;
        }
        if (c == '"') quoted = !quoted;
        const std::string_view rest = text.substr(i);
        std::size_t length = 0;
        if (!quoted)
            for (const std::string_view word : {"-Infinity", "Infinity", "NaN"})
                if (rest.starts_with(word)) length = std::max(length, word.size());
        if (length == 0) {
            out += c;
            continue;
        }
        out += "null";
        i += length - 1;
    }
    return out;
}

} // namespace

const ForeignNode* ForeignGraph::find(const std::string& wanted) const {
    const auto it = m_byId.find(wanted);
    return it == m_byId.end() ? nullptr : &nodes[it->second];
}

void ForeignGraph::index() {
    m_byId.clear();
    for (std::size_t i = 0; i < nodes.size(); ++i) m_byId[nodes[i].id] = i;
}

ForeignLink readLink(const Json& json, const std::string& place) {
    return linkAt(Spot(json, place));
}

std::string idText(const Json& id) {
    if (id.is_string()) return id.get<std::string>();
    if (id.is_number_unsigned()) return std::to_string(id.get<std::uint64_t>());
    if (id.is_number_integer()) return std::to_string(id.get<std::int64_t>());
    return {};
}

Json idJson(const std::string& id) {
    std::int64_t number = 0;
    const char* const end = id.data() + id.size();
    const auto result = std::from_chars(id.data(), end, number);
    const bool plain = result.ec == std::errc{} && result.ptr == end && std::to_string(number) == id;
    return plain ? Json(number) : Json(id);
}

std::vector<ForeignSlot> slotsOf(const Json& node, const char* key) {
    std::vector<ForeignSlot> slots;
    const auto list = node.is_object() ? node.find(key) : node.end();
    if (!node.is_object() || list == node.end() || !list->is_array()) return slots;
    for (const Json& item : *list)
        slots.push_back({textOf(item, "name"),
                         typeText(item.is_object() && item.contains("type") ? &item.at("type") : nullptr),
                         item.is_object() && item.contains("widget") ? textOf(item.at("widget"), "name")
                                                                     : std::string()});
    return slots;
}

std::string textOf(const Json& object, const char* key) {
    if (!object.is_object()) return {};
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool isWorkflow(const Json& json) {
    if (!json.is_object() || json.contains("ochre")) return false;
    const auto nodes = json.find("nodes");
    return nodes != json.end() && nodes->is_array() && (json.contains("links") || json.contains("version"));
}

bool isApiPrompt(const Json& json) {
    if (!json.is_object() || json.empty() || json.contains("ochre") || json.contains("nodes")) return false;
    return std::any_of(json.begin(), json.end(),
                       [](const Json& node) { return node.is_object() && node.contains("class_type"); });
}

Json parseForeignJson(std::string_view text, std::string_view subject) {
    if (text.size() > kMaxWorkflowBytes)
        throw broken(fmt::format("{}: {} bytes of JSON, more than the limit of {}", subject, text.size(),
                                 kMaxWorkflowBytes));
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    // A text that ends in NULs is how some writers fill EXIF.
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    const bool bare =
        text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
    const JsonLimits limits{.bytes = kMaxWorkflowBytes, .depth = kMaxWorkflowDepth};
    return bare ? parseJson(withoutBareNumbers(text), subject, limits) : parseJson(text, subject, limits);
}

Workflow parseWorkflow(const Json& json, std::string_view subject) {
    if (!isWorkflow(json)) throw notMine(fmt::format("{}: is no ComfyUI workflow", subject));
    const Spot root(json, std::string(subject));
    Workflow workflow;
    workflow.root = readGraph(root);
    readDefinitions(root, workflow, 0);
    Expansion(workflow, std::string(subject)).check();
    return workflow;
}

bool isSeedControl(const Json& value) {
    if (value.is_boolean()) return true;
    if (!value.is_string()) return false;
    const std::string& word = value.get_ref<const std::string&>();
    return word == "fixed" || word == "increment" || word == "decrement" || word == "randomize" ||
           word == "increment-wrap";
}

std::vector<std::size_t> widgetSlots(const Row& row, const Json& list) {
    std::vector<std::size_t> places;
    std::size_t at = 0;
    for (const WidgetRule& widget : row.widgets) {
        places.push_back(at++);
        if (widget.controlled() && at < list.size() && isSeedControl(list[at])) ++at;
    }
    return places;
}

Json widgetValue(const Json& node, const Row& row, std::size_t widget) {
    const auto values = node.find("widgets_values");
    if (values == node.end()) return nullptr;
    if (values->is_object()) {
        const auto it = values->find(row.widgets[widget].comfy);
        return it == values->end() ? Json(nullptr) : *it;
    }
    if (!values->is_array()) return nullptr;
    const std::size_t place = widgetSlots(row, *values)[widget];
    return place < values->size() ? (*values)[place] : Json(nullptr);
}

std::vector<std::string> socketIds(const std::vector<ForeignSlot>& slots, const std::string& fallback) {
    std::vector<std::string> ids;
    std::set<std::string> taken;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        std::string id = slots[i].name.empty() ? fmt::format("{}_{}", fallback, i) : printable(slots[i].name);
        if (!taken.insert(id).second) {
            id = fmt::format("{}_{}", id, i);
            while (!taken.insert(id).second) id += "_";
        }
        ids.push_back(std::move(id));
    }
    return ids;
}

} // namespace ochre::project::interop
