// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyGraphWriter.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "core/base/Hash.h"
#include "core/base/LoraTags.h"

namespace ochre::project::interop {
namespace {

using graph::Node;

bool isUuid(const std::string& text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
    }
    return true;
}

std::int64_t wholeAt(const Json& object, const char* key) {
    if (!object.is_object()) return 0;
    const auto it = object.find(key);
    return it != object.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

} // namespace

std::string WriteContext::uuidOf(const graph::GroupDefinition& group) {
    std::string& uuid = uuids[group.id];
    if (uuid.empty()) {
        uuid = group.id;
        if (!isUuid(uuid)) {
            // ComfyUI asks for a UUID; version 8 is for one's own, here a hash of the name.
            const Hash128 hash = hashText(group.id);
            uuid = fmt::format("{:08x}-{:04x}-8{:03x}-a{:03x}-{:012x}", hash.high >> 32,
                               hash.high >> 16 & 0xffff, hash.high & 0xfff, hash.low >> 48 & 0xfff,
                               hash.low & 0xffffffffffff);
        }
    }
    used.try_emplace(uuid, &group);
    return uuid;
}

GraphWriter::GraphWriter(WriteContext& context, const graph::Graph& graph, Json skeleton,
                         const graph::GroupDefinition* within)
    : m_context(context), m_graph(graph), m_skeleton(std::move(skeleton)), m_within(within) {}

Json GraphWriter::write() {
    countIds();
    m_graph.forEach([&](const Node& node) { addNode(node); });
    collectWanted();
    keepLinks();
    Json json = m_skeleton.is_object() ? m_skeleton : Json::object();
    m_skeleton = json;
    Json links = finishLinks();
    json = m_skeleton; // forgetLinks may have changed it
    json["nodes"] = finishNodes();
    json["links"] = std::move(links);
    if (json.contains("groups") || !m_graph.frames().empty()) json["groups"] = finishGroups();
    return json;
}

void GraphWriter::countIds() {
    const auto count = [&](const Json& json) {
        const Json id = idJson(idText(json.is_object() && json.contains("id") ? json.at("id") : Json()));
        if (id.is_number_integer()) m_lastId = std::max(m_lastId, id.get<std::int64_t>());
    };
    m_lastId =
        std::max(wholeAt(m_skeleton, "last_node_id"), m_skeleton.is_object() && m_skeleton.contains("state")
                                                          ? wholeAt(m_skeleton["state"], "lastNodeId")
                                                          : 0);
    m_graph.forEach([&](const Node& node) {
        const Json* origin = originOf(node);
        if (origin)
            count(*origin);
        else
            m_lastId = std::max<std::int64_t>(m_lastId, node.id);
        if (!origin) return;
        for (const auto& [input, part] : partsOf(node, "parts").items()) count(part);
        for (const auto& [input, list] : partsOf(node, "reroutes").items())
            if (list.is_array())
                for (const Json& reroute : list) count(reroute);
    });
}

std::size_t GraphWriter::emit(Json json) {
    std::string id = idText(json.contains("id") ? json["id"] : Json());
    if (id.empty() || id == "0" || m_byId.contains(id)) {
        json["id"] = ++m_lastId;
        id = idText(json["id"]);
        // A copy of a node: its slots must not name the links of the one it was copied from.
        for (const char* key : {"inputs", "outputs"})
            if (json.contains(key) && json[key].is_array())
                for (Json& slot : json[key])
                    if (slot.is_object()) slot[key[0] == 'i' ? "link" : "links"] = nullptr;
    }
    m_byId[id] = m_emitted.size();
    m_emitted.push_back({std::move(json), id});
    return m_emitted.size() - 1;
}

std::size_t GraphWriter::emitOnce(Json json) {
    const auto known = m_byId.find(idText(json.contains("id") ? json["id"] : Json()));
    return known != m_byId.end() && m_emitted[known->second].json == json ? known->second
                                                                          : emit(std::move(json));
}

std::size_t GraphWriter::emitNew(const std::string& type, const graph::NodeLook& look) {
    return emit(newNode(type, look, rowOfClass(type)));
}

void GraphWriter::leaveOut(const Node& node) {
    m_context.missing.push_back(displayName(node, m_context.registry));
    m_context.missingTypes.push_back(node.type);
}

void GraphWriter::tell(const Node& node, const std::string& what) {
    m_context.warnings.push_back(fmt::format("{}: {}", displayName(node, m_context.registry), what));
}

void GraphWriter::addNode(const Node& node) {
    if (node.type == "group.input" || node.type == "group.output" || isCollapsed(node)) return;
    const Json* origin = originOf(node);
    if (node.type.starts_with(kPlaceholder) && origin) {
        Json json = *origin;
        writeLook(json, node);
        m_written[node.id].node = emitOnce(std::move(json));
        return;
    }
    if (node.type == "group") {
        addGroupNode(node);
        return;
    }
    if (addPrimitive(node)) return;
    const graph::NodeDeclaration* declaration = m_context.registry.find(node.type);
    RowChoice choice = declaration ? chooseRows(node, *declaration) : RowChoice{};
    if (!choice.row) {
        leaveOut(node);
        return;
    }
    addRowNode(node, *declaration, std::move(choice));
}

void GraphWriter::addRowNode(const Node& node, const graph::NodeDeclaration& declaration, RowChoice choice) {
    Written written;
    written.choice = std::move(choice);
    const Row& row = *written.choice.row;
    const Json* origin = originOf(node);
    const bool same = origin && textOf(*origin, "type") == row.comfy;
    Json json = same ? *origin : newNode(row.comfy, node.look, &row);
    if (origin && !same && origin->contains("id")) json["id"] = origin->at("id");
    if (!origin) json["id"] = node.id;
    Node said = node;
    const auto text = node.parameters.find("text");
    const bool withLoras = row.comfy == "CLIPTextEncode" && node.inputs.contains("model");
    std::vector<std::string>& lost = written.choice.lost;
    if (withLoras && text != node.parameters.end() && std::holds_alternative<std::string>(text->second))
        said.parameters["text"] = withoutLoraTags(std::get<std::string>(text->second));
    if (withLoras) std::erase(lost, "the link at model");
    writeLook(json, node);
    writeWidgets(json, row, said, declaration);
    for (const std::string& what : lost) tell(node, what + " has no counterpart in " + row.comfy);
    // A reroute may also stand between a part and its owner, which is emitted with the owner.
    written.node = row.comfy == "Reroute" ? emitOnce(std::move(json)) : emit(std::move(json));
    addParts(node, declaration, written);
    if (withLoras) addLoras(node, written);
    m_written[node.id] = std::move(written);
}

void GraphWriter::addParts(const Node& node, const graph::NodeDeclaration& declaration, Written& written) {
    double down = 0;
    for (const auto& [input, row] : written.choice.parts) {
        const Json* origin = originOfPart(node, input);
        const bool same = origin && textOf(*origin, "type") == row->comfy;
        Json json = same ? *origin : newNode(row->comfy, {node.look.x - 320, node.look.y + down}, row);
        if (origin && !same && origin->contains("id")) json["id"] = origin->at("id");
        down += 140;
        writeWidgets(json, *row, node, declaration);
        written.parts[input] =
            emitOnce(std::move(json)); // one part may serve several nodes, and also stand by itself
        const auto reroutes = partsOf(node, "reroutes").find(input);
        if (reroutes == partsOf(node, "reroutes").end() || !reroutes->is_array()) continue;
        for (const Json& reroute : *reroutes)
            if (textOf(reroute, "type") == "Reroute") written.reroutes[input].push_back(emitOnce(reroute));
    }
}

void GraphWriter::addLoras(const Node& node, Written& written) {
    const auto text = node.parameters.find("text");
    if (text == node.parameters.end() || !std::holds_alternative<std::string>(text->second)) return;
    double across = -320;
    for (const LoraTag& tag : takeLoraTags(std::get<std::string>(text->second)).loras) {
        const std::size_t lora = emitNew("LoraLoader", {node.look.x + across, node.look.y - 180});
        const Row& row = *rowOfClass("LoraLoader");
        setWidget(m_emitted[lora].json, row, 0, tag.name);
        setWidget(m_emitted[lora].json, row, 1, tag.modelWeight);
        setWidget(m_emitted[lora].json, row, 2, tag.textWeight);
        written.loras.push_back(lora);
        across += 300;
    }
}

void GraphWriter::addGroupNode(const Node& node) {
    const graph::GroupDefinition* group = m_graph.findGroup(node.group);
    if (!group) {
        leaveOut(node);
        return;
    }
    const std::string uuid = m_context.uuidOf(*group);
    const Json* origin = originOf(node);
    Json json = origin ? *origin : newNode(uuid, node.look, nullptr);
    if (!origin) {
        json["id"] = node.id;
        for (const graph::Socket& s : group->inputs)
            json["inputs"].push_back({{"name", s.id}, {"type", comfyTypeOf(s.type)}, {"link", nullptr}});
        for (const graph::Socket& s : group->outputs)
            json["outputs"].push_back({{"name", s.id}, {"type", comfyTypeOf(s.type)}, {"links", nullptr}});
    }
    writeLook(json, node);
    // Values of promoted widgets stand in nodes of their own.
    for (const auto& [input, link] : node.inputs) {
        const Node* value = m_graph.find(link.node);
        if (!value || !value->extra.is_object() || !value->extra.contains(kComfyMember)) continue;
        const auto place = value->extra.at(kComfyMember).find("widget_of");
        const auto set = value->parameters.find("value");
        if (place == value->extra.at(kComfyMember).end() || !place->is_number_unsigned() ||
            set == value->parameters.end())
            continue;
        Json& values = json["widgets_values"];
        const auto at = place->get<std::size_t>();
        if (values.is_array() && at < values.size() &&
            !sameValue(graph::parameterFromJson(values[at]), set->second))
            values[at] = graph::toJson(set->second);
    }
    m_written[node.id].node = emit(std::move(json));
}

bool GraphWriter::addPrimitive(const Node& node) {
    const Json* origin = originOf(node);
    const auto set = node.parameters.find("value");
    if (!origin || textOf(*origin, "type") != "PrimitiveNode" || set == node.parameters.end()) return false;
    Json json = *origin;
    writeLook(json, node);
    Json& values = json["widgets_values"];
    const WidgetRule* rule = drivenWidget(node.id, 0);
    const Json value = rule ? toComfy(*rule, set->second) : graph::toJson(set->second);
    if (!values.is_array() || values.empty()) values = Json::array({value});
    const auto before = rule ? toOchre(*rule, values[0]) : std::optional(graph::parameterFromJson(values[0]));
    if (!before || !sameValue(*before, set->second)) values[0] = value;
    Written written;
    written.primitive = true;
    written.node = emit(std::move(json));
    m_written[node.id] = std::move(written);
    return true;
}

const WidgetRule* GraphWriter::drivenWidget(graph::NodeId value, int steps) const {
    for (const graph::NodeId id : m_graph.consumers(value)) {
        const Node& consumer = m_graph.at(id);
        if (consumer.type == "flow.reroute" && steps < kMaxSubgraphDepth)
            if (const WidgetRule* rule = drivenWidget(id, steps + 1)) return rule;
        for (const auto& [input, link] : consumer.inputs) {
            if (link.node != value) continue;
            const Json* origin = originOf(consumer);
            const Row* row = origin ? rowOfClass(textOf(*origin, "type")) : nullptr;
            for (const Row* candidate : row ? std::vector<const Row*>{row} : rowsOf(consumer.type))
                for (const WidgetRule& widget : candidate->widgets)
                    if (widget.parameter == input) return &widget;
        }
    }
    return nullptr;
}

const SocketRule* GraphWriter::outputRule(const graph::Link& link, std::size_t* slot) const {
    const Node* node = m_graph.find(link.node);
    if (!node) return nullptr;
    const auto written = m_written.find(link.node);
    const std::vector<const Row*> rows = written != m_written.end() && written->second.choice.row
                                             ? std::vector<const Row*>{written->second.choice.row}
                                             : rowsOf(node->type);
    for (const Row* row : rows)
        for (std::size_t i = 0; i < row->outputs.size(); ++i)
            if (!row->outputs[i].ochre.empty() && row->outputs[i].ochre == link.output) {
                if (slot) *slot = i;
                return &row->outputs[i];
            }
    return nullptr;
}

const SocketRule* GraphWriter::invertedOutput(const graph::Link& link) const {
    const SocketRule* rule = outputRule(link);
    return rule && rule->inverted ? rule : nullptr;
}

/// Nodes that ComfyUI has no need of: masks turned over where its own mean the opposite, values of promoted
/// widgets.
bool GraphWriter::isCollapsed(const Node& node) const {
    if (node.extra.is_object() && node.extra.contains(kComfyMember) &&
        node.extra.at(kComfyMember).contains("widget_of")) {
        const auto consumers = m_graph.consumers(node.id);
        return std::all_of(consumers.begin(), consumers.end(), [&](graph::NodeId id) {
            return m_graph.at(id).type == "group" && originOf(m_graph.at(id));
        });
    }
    if (node.type != "mask.invert" || originOf(node) || node.muted || node.bypassed) return false;
    const auto mask = node.inputs.find("mask");
    if (mask == node.inputs.end()) return false;
    if (invertedOutput(mask->second)) return true;
    const auto consumers = m_graph.consumers(node.id);
    return !consumers.empty() && std::all_of(consumers.begin(), consumers.end(), [&](graph::NodeId id) {
        const Node& consumer = m_graph.at(id);
        for (const auto& [input, link] : consumer.inputs) {
            if (link.node != node.id) continue;
            bool inverted = false;
            for (const Row* row : rowsOf(consumer.type))
                for (const SocketRule& s : row->inputs)
                    inverted = inverted || (s.inverted && s.ochre == input);
            if (!inverted) return false;
        }
        return true;
    });
}

} // namespace ochre::project::interop
