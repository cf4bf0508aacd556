// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyNodes.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/project/interop/ComfyGraph.h"

namespace ochre::project::interop {
namespace {

using graph::Node;
using graph::NodeDeclaration;

bool fixedHolds(const Row& row, const Node& node, const NodeDeclaration& declaration) {
    return std::all_of(row.fixed.begin(), row.fixed.end(), [&](const auto& entry) {
        const auto value = currentValue(node, declaration, entry.first);
        return !value || node.inputs.contains(entry.first) || sameValue(*value, entry.second);
    });
}

std::set<std::string> saidBy(const Row& row) {
    std::set<std::string> said;
    for (const SocketRule& input : row.inputs)
        if (!input.ochre.empty()) said.insert(input.ochre);
    for (const WidgetRule& widget : row.widgets)
        if (!widget.parameter.empty()) said.insert(widget.parameter);
    return said;
}

std::size_t unlinked(const Row& row, const Node& node) {
    return static_cast<std::size_t>(
        std::count_if(row.inputs.begin(), row.inputs.end(), [&](const SocketRule& s) {
            return !s.ochre.empty() && !node.inputs.contains(s.ochre);
        }));
}

/// Of the rows of one part, the one that says every linked input that any of them knows.
const Row* choosePart(const SocketRule& input, const Node& node, const NodeDeclaration& declaration) {
    const std::vector<const Row*> rows = rowsOf("@" + input.type);
    std::set<std::string> linked;
    for (const Row* row : rows)
        for (const SocketRule& socket : row->inputs)
            if (node.inputs.contains(socket.ochre)) linked.insert(socket.ochre);
    const Json* origin = originOfPart(node, input.comfy);
    const std::string before = origin ? textOf(*origin, "type") : std::string();
    const Row* best = nullptr;
    for (const Row* row : rows) {
        const std::set<std::string> said = saidBy(*row);
        if (!fixedHolds(*row, node, declaration) ||
            !std::includes(said.begin(), said.end(), linked.begin(), linked.end()))
            continue;
        if (row->comfy == before) return row;
        if (!best || unlinked(*row, node) < unlinked(*best, node)) best = row;
    }
    return best;
}

/// What of the node the rows leave unsaid.
std::vector<std::string> lostBy(const RowChoice& choice, const Node& node,
                                const NodeDeclaration& declaration) {
    std::set<std::string> said = saidBy(*choice.row);
    std::vector<const Row*> rows{choice.row};
    for (const auto& [input, part] : choice.parts) {
        said.merge(saidBy(*part));
        rows.push_back(part);
    }
    std::vector<std::string> lost;
    for (const Row* row : rows)
        for (const auto& [parameter, value] : row->fixed) {
            said.insert(parameter);
            const auto current = currentValue(node, declaration, parameter);
            if (current && !sameValue(*current, value))
                lost.push_back(parameter + " " + graph::toText(*current));
        }
    for (const auto& [parameter, value] : node.parameters) {
        const graph::Parameter* known = declaration.findParameter(parameter);
        if (known && !said.contains(parameter) && !sameValue(known->defaultValue, value))
            lost.push_back(parameter + " " + graph::toText(value));
    }
    for (const auto& [input, link] : node.inputs)
        if (!said.contains(input)) lost.push_back("the link at " + input);
    return lost;
}

RowChoice choiceOf(const Row& row, const Node& node, const NodeDeclaration& declaration) {
    RowChoice choice{&row, {}, {}};
    for (const SocketRule& input : row.inputs) {
        if (!input.part) continue;
        const Row* part = choosePart(input, node, declaration);
        choice.parts[input.comfy] = part ? part : rowsOf("@" + input.type).front();
    }
    choice.lost = lostBy(choice, node, declaration);
    return choice;
}

std::size_t openInputs(const RowChoice& choice, const Node& node) {
    std::size_t open = unlinked(*choice.row, node);
    for (const auto& [input, part] : choice.parts) open += unlinked(*part, node);
    return open;
}

bool meansTheSame(const WidgetRule& rule, const Json& value, const graph::ParameterValue& current,
                  const NodeDeclaration& declaration) {
    const auto before = translate(rule, value, declaration);
    if (!before) return false;
    if (sameValue(*before, current)) return true;
    // The picture was found in a folder: the name in the file still says which it is.
    return rule.kind == "file" && graph::toText(current).ends_with("/" + graph::toText(*before));
}

} // namespace

const Json& partsOf(const Node& node, const char* member) {
    static const Json kNone = Json::object();
    if (!originOf(node)) return kNone;
    const Json& comfy = node.extra.at(kComfyMember);
    const auto parts = comfy.find(member);
    return parts != comfy.end() && parts->is_object() ? *parts : kNone;
}

const Json* originOfPart(const Node& node, const std::string& input) {
    const Json& parts = partsOf(node, "parts");
    const auto part = parts.find(input);
    return part != parts.end() && part->is_object() ? &*part : nullptr;
}

RowChoice chooseRows(const Node& node, const NodeDeclaration& declaration) {
    const Json* origin = originOf(node);
    const std::string before = origin ? textOf(*origin, "type") : std::string();
    RowChoice best;
    std::size_t bestOpen = 0;
    for (const Row* row : rowsOf(node.type)) {
        RowChoice choice = choiceOf(*row, node, declaration);
        // The class that it came from stays while nothing more is lost than was from the start.
        if (row->comfy == before && choice.lost.empty()) return choice;
        const std::size_t open = openInputs(choice, node);
        const bool better = !best.row || choice.lost.size() < best.lost.size() ||
                            (choice.lost.size() == best.lost.size() && open < bestOpen);
        if (!better) continue;
        best = std::move(choice);
        bestOpen = open;
    }
    return best;
}

Json newNode(const std::string& type, const graph::NodeLook& look, const Row* row) {
    Json node{{"id", 0},
              {"type", type},
              {"pos", {look.x, look.y}},
              {"size", {look.width > 0 ? look.width : 280.0, 100.0}},
              {"flags", Json::object()},
              {"order", 0},
              {"mode", 0},
              {"inputs", Json::array()},
              {"outputs", Json::array()},
              {"properties", {{"Node name for S&R", type}}},
              {"widgets_values", Json::array()}};
    if (look.collapsed) node["flags"]["collapsed"] = true;
    if (!look.color.empty()) node["color"] = look.color;
    if (!row) return node;
    for (const SocketRule& input : row->inputs)
        if (!input.ochre.empty() || input.part)
            node["inputs"].push_back({{"name", input.comfy}, {"type", input.type}, {"link", nullptr}});
    std::size_t slot = 0;
    for (const SocketRule& output : row->outputs)
        node["outputs"].push_back(
            {{"name", output.comfy}, {"type", output.type}, {"links", nullptr}, {"slot_index", slot++}});
    for (const WidgetRule& widget : row->widgets) {
        node["widgets_values"].push_back(widget.fallback);
        if (widget.controlled()) node["widgets_values"].push_back("fixed");
    }
    node["size"][1] =
        60.0 + 24.0 * static_cast<double>(row->inputs.size() + row->outputs.size() + row->widgets.size());
    return node;
}

void setWidget(Json& json, const Row& row, std::size_t widget, Json value) {
    Json& values = json["widgets_values"];
    if (values.is_object()) {
        values[row.widgets[widget].comfy] = std::move(value);
        return;
    }
    if (!values.is_array()) values = Json::array();
    std::size_t place = widgetSlots(row, values)[widget];
    // A short list is filled up with what the class starts with.
    for (std::size_t i = 0; i < widget && values.size() < place; ++i) {
        const std::size_t at = widgetSlots(row, values)[i];
        if (at < values.size()) continue;
        values.push_back(row.widgets[i].fallback);
        if (row.widgets[i].controlled()) values.push_back("fixed");
        place = widgetSlots(row, values)[widget];
    }
    if (place < values.size()) {
        values[place] = std::move(value);
        return;
    }
    values.push_back(std::move(value));
    if (row.widgets[widget].controlled()) values.push_back("fixed");
}

void writeWidgets(Json& json, const Row& row, const Node& node, const NodeDeclaration& declaration) {
    for (std::size_t i = 0; i < row.widgets.size(); ++i) {
        const WidgetRule& rule = row.widgets[i];
        if (rule.parameter.empty()) continue;
        const auto current = currentValue(node, declaration, rule.parameter);
        if (!current) continue;
        const Json said = widgetValue(json, row, i);
        const Json& value = said.is_null() || said.is_array() ? rule.fallback : said;
        if (meansTheSame(rule, value, *current, declaration)) continue;
        const bool isUnset = !node.parameters.contains(rule.parameter);
        if (isUnset && !translate(rule, value, declaration))
            continue; // could not be read, and was not touched since
        setWidget(json, row, i, toComfy(rule, *current));
    }
}

void writePlace(Json& json, const char* key, std::size_t index, double value) {
    Json& place = json[key];
    if (place.is_object()) {
        place[std::to_string(index)] = value;
        return;
    }
    if (!place.is_array()) place = Json::array();
    while (place.size() <= index) place.push_back(0);
    place[index] = value;
}

void writeLook(Json& json, const Node& node) {
    const graph::NodeLook before = lookOf(json), &now = node.look;
    if (before.x != now.x) writePlace(json, "pos", 0, now.x);
    if (before.y != now.y) writePlace(json, "pos", 1, now.y);
    if (before.width != now.width && now.width > 0) writePlace(json, "size", 0, now.width);
    if (before.collapsed != now.collapsed) {
        if (!json["flags"].is_object()) json["flags"] = Json::object();
        json["flags"]["collapsed"] = now.collapsed;
    }
    if (before.color != now.color) {
        json["color"] = now.color;
        json["bgcolor"] = now.color;
        if (now.color.empty()) {
            json.erase("color");
            json.erase("bgcolor");
        }
    }
    if (labelOf(json) != node.label) {
        if (node.label.empty())
            json.erase("title");
        else
            json["title"] = node.label;
    }
    int mode = 0;
    if (const auto it = json.find("mode"); it != json.end() && it->is_number_integer()) mode = it->get<int>();
    const int wanted = node.muted ? 2 : node.bypassed ? 4 : mode == 2 || mode == 4 ? 0 : mode;
    if (mode != wanted) json["mode"] = wanted;
}

std::size_t inputSlot(Json& json, const std::string& name, const std::string& type, bool widget) {
    Json& inputs = json["inputs"];
    if (!inputs.is_array()) inputs = Json::array();
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (textOf(inputs[i], "name") == name) return i;
    Json input{{"name", name}, {"type", type}, {"link", nullptr}};
    if (widget) input["widget"] = {{"name", name}};
    inputs.push_back(std::move(input));
    return inputs.size() - 1;
}

} // namespace ochre::project::interop
