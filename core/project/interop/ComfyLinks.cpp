// SPDX-License-Identifier: GPL-3.0-or-later
// The links of a graph on its way to ComfyUI: those that it came with stay word for word where they still
// hold.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/project/interop/ComfyGraphWriter.h"

namespace ochre::project::interop {
namespace {

using graph::Link;
using graph::Node;

std::size_t indexOf(const std::vector<std::string>& ids, const std::string& id) {
    return static_cast<std::size_t>(std::find(ids.begin(), ids.end(), id) - ids.begin());
}

std::vector<std::string> idsOf(const std::vector<graph::Socket>& sockets) {
    std::vector<std::string> ids;
    for (const graph::Socket& s : sockets) ids.push_back(s.id);
    return ids;
}

void removeIds(Json& list, const std::set<std::string>& dropped) {
    if (!list.is_array()) return;
    Json left = Json::array();
    for (Json& id : list)
        if (!dropped.contains(idText(id))) left.push_back(std::move(id));
    list = std::move(left);
}

void forgetInReroutes(Json& reroutes, const std::set<std::string>& dropped) {
    if (!reroutes.is_array()) return;
    for (Json& reroute : reroutes)
        if (reroute.is_object() && reroute.contains("linkIds")) removeIds(reroute["linkIds"], dropped);
}

} // namespace

void GraphWriter::collectWanted() {
    m_graph.forEach([&](const Node& node) { wantInputs(node); });
    for (const auto& [id, written] : m_written) {
        for (const auto& [input, part] : written.parts) {
            const SocketRule& socket = *written.choice.row->inputOf(input);
            End from{m_emitted[part].id, 0, socket.type};
            if (const auto way = written.reroutes.find(input); way != written.reroutes.end())
                for (auto it = way->second.rbegin(); it != way->second.rend(); ++it) {
                    m_wanted.push_back({from, m_emitted[*it].id, {}, socket.type, false, 0});
                    from.id = m_emitted[*it].id;
                }
            wantInto(written.node, socket, from);
        }
        wantLoras(written);
    }
}

void GraphWriter::wantInputs(const Node& node) {
    if (node.type == "group.output") {
        if (!m_within) return;
        const std::vector<std::string> ids = idsOf(m_within->outputs);
        for (const auto& [input, link] : node.inputs)
            if (const std::size_t slot = indexOf(ids, input); slot < ids.size())
                wantPlain(kSubgraphOutput, slot, link);
        return;
    }
    if (!m_written.contains(node.id)) return;
    for (const auto& [input, link] : node.inputs) want(node, input, link);
}

void GraphWriter::wantPlain(const std::string& to, std::size_t slot, const Link& source) {
    if (const auto from = endOf(source, 0)) m_wanted.push_back({*from, to, {}, from->type, false, slot});
}

void GraphWriter::want(const Node& node, const std::string& input, Link source) {
    const Written written = m_written.at(node.id);
    const std::string id = m_emitted[written.node].id;
    if (written.choice.row) {
        wantRow(node, written, input, source);
    } else if (node.type == "group") {
        const auto from = endOf(source, 0);
        const graph::GroupDefinition* group = m_graph.findGroup(node.group);
        const auto socket = std::find_if(group->inputs.begin(), group->inputs.end(),
                                         [&](const graph::Socket& s) { return s.id == input; });
        if (from && socket != group->inputs.end())
            m_wanted.push_back({*from, id, input, comfyTypeOf(socket->type)});
    } else if (!written.primitive) {
        const auto ids = socketIds(slotsOf(m_emitted[written.node].json, "inputs"), "input");
        if (const std::size_t slot = indexOf(ids, input); slot < ids.size()) wantPlain(id, slot, source);
    }
}

void GraphWriter::wantRow(const Node& node, const Written& written, const std::string& input,
                          const Link& source) {
    std::vector<std::pair<std::size_t, const Row*>> places{{written.node, written.choice.row}};
    for (const auto& [name, part] : written.parts) places.emplace_back(part, written.choice.parts.at(name));
    if (!written.loras.empty() && (input == "model" || input == "text_encoder"))
        places = {{written.loras.front(), rowOfClass("LoraLoader")}};
    for (const auto& [place, row] : places) {
        for (const SocketRule& socket : row->inputs) {
            if (socket.ochre != input) continue;
            Link link = source;
            bool invert = socket.inverted;
            const Node* before = m_graph.find(link.node);
            // The mask is turned over twice: once for Ochre, once by what ComfyUI takes it for.
            if (invert && before && before->type == "mask.invert" && isCollapsed(*before) &&
                !invertedOutput(before->inputs.at("mask"))) {
                link = before->inputs.at("mask");
                invert = false;
            }
            auto from = endOf(link, 0);
            if (!from) return;
            if (invert) from = this->invert(*from, node.look);
            wantInto(place, socket, converted(*from, socket.type, node.look));
            return;
        }
        for (const WidgetRule& widget : row->widgets)
            if (widget.parameter == input) {
                if (const auto from = endOf(source, 0))
                    m_wanted.push_back({*from, m_emitted[place].id, widget.comfy, from->type, true});
                return;
            }
    }
}

void GraphWriter::wantInto(std::size_t node, const SocketRule& socket, const End& from) {
    m_wanted.push_back({from, m_emitted[node].id, socket.comfy, socket.type});
}

void GraphWriter::wantLoras(const Written& written) {
    const Row& lora = *rowOfClass("LoraLoader");
    for (std::size_t i = 0; i < written.loras.size(); ++i) {
        const std::string& id = m_emitted[written.loras[i]].id;
        if (i + 1 < written.loras.size()) {
            wantInto(written.loras[i + 1], *lora.inputOf("model"), {id, 0, "MODEL"});
            wantInto(written.loras[i + 1], *lora.inputOf("clip"), {id, 1, "CLIP"});
        } else {
            wantInto(written.node, *written.choice.row->inputOf("clip"), {id, 1, "CLIP"});
        }
    }
}

std::optional<GraphWriter::End> GraphWriter::endOf(const Link& link, int steps) {
    const Node* node = m_graph.find(link.node);
    if (!node || steps > 1000) return std::nullopt;
    if (node->type == "group.input") {
        if (!m_within) return std::nullopt;
        const std::vector<std::string> ids = idsOf(m_within->inputs);
        const std::size_t slot = indexOf(ids, link.output);
        if (slot == ids.size()) return std::nullopt;
        return End{kSubgraphInput, slot, comfyTypeOf(m_within->inputs[slot].type)};
    }
    if (node->type == "mask.invert" && isCollapsed(*node)) {
        const Link& mask = node->inputs.at("mask");
        std::size_t slot = 0;
        const auto source = m_written.find(mask.node);
        if (!outputRule(mask, &slot) || source == m_written.end()) return std::nullopt;
        return End{m_emitted[source->second.node].id, slot, "MASK"};
    }
    return throughNode(*node, link.output, steps);
}

std::optional<GraphWriter::End> GraphWriter::throughNode(const Node& node, const std::string& output,
                                                         int steps) {
    const auto found = m_written.find(node.id);
    if (found == m_written.end()) return std::nullopt;
    const Written& written = found->second;
    const std::string id = m_emitted[written.node].id;
    const auto typed = [&](std::size_t slot) {
        const auto slots = slotsOf(m_emitted[written.node].json, "outputs");
        return End{id, slot, slot < slots.size() ? slots[slot].type : "*"};
    };
    if (written.primitive) return typed(0);
    if (!written.choice.row) {
        const graph::GroupDefinition* group = node.type == "group" ? m_graph.findGroup(node.group) : nullptr;
        const auto ids = group ? idsOf(group->outputs)
                               : socketIds(slotsOf(m_emitted[written.node].json, "outputs"), "output");
        const std::size_t slot = indexOf(ids, output);
        return slot < ids.size() ? std::optional(typed(slot)) : std::nullopt;
    }
    if (!written.loras.empty() && output == "model")
        return End{m_emitted[written.loras.back()].id, 0, "MODEL"};
    std::size_t slot = 0;
    if (const SocketRule* rule = outputRule({node.id, output}, &slot)) {
        const End end{id, slot, rule->type};
        return rule->inverted ? invert(end, node.look) : end;
    }
    // A viewer, or a prompt without LoRAs, hands on what goes in under the same name.
    const auto input = node.inputs.find(output);
    return input == node.inputs.end() ? std::nullopt : endOf(input->second, steps + 1);
}

GraphWriter::End GraphWriter::invert(const End& from, const graph::NodeLook& look) {
    const auto known = m_inverters.find(from);
    if (known != m_inverters.end()) return known->second;
    const std::size_t node = emitNew("InvertMask", {look.x + 20, look.y + 220});
    wantInto(node, *rowOfClass("InvertMask")->inputOf("mask"), from);
    return m_inverters[from] = {m_emitted[node].id, 0, "MASK"};
}

GraphWriter::End GraphWriter::converted(const End& from, const std::string& type,
                                        const graph::NodeLook& look) {
    const char* between = from.type == "MASK" && type == "IMAGE"   ? "MaskToImage"
                          : from.type == "IMAGE" && type == "MASK" ? "ImageToMask"
                                                                   : nullptr;
    if (!between) return from;
    const auto known = m_converters.find({from, type});
    if (known != m_converters.end()) return known->second;
    const std::size_t node = emitNew(between, {look.x - 240, look.y + 220});
    wantInto(node, rowOfClass(between)->inputs.front(), from);
    return m_converters[{from, type}] = {m_emitted[node].id, 0, type};
}

void GraphWriter::keepLinks() {
    m_graph.forEach([&](const Node& node) {
        if (!m_written.contains(node.id) || !originOf(node)) return;
        const Json& comfy = node.extra.at(kComfyMember);
        if (const auto links = comfy.find("links"); links != comfy.end() && links->is_array())
            for (const Json& link : *links) m_kept.push_back(link);
    });
}

std::optional<std::size_t> GraphWriter::targetSlot(const Wanted& wanted) {
    if (wanted.slot) return wanted.slot;
    const auto node = m_byId.find(wanted.to);
    if (node == m_byId.end()) return std::nullopt;
    return inputSlot(m_emitted[node->second].json, wanted.input, wanted.type, wanted.widget);
}

/// One that Ochre has no say in: it dangled from the start, or no socket of Ochre's means the same.
bool GraphWriter::isKept(const ForeignLink& link, const std::set<std::string>& before) const {
    const auto known = [&](const std::string& id) {
        return id == kSubgraphInput || id == kSubgraphOutput || before.contains(id);
    };
    if (!known(link.from) || !known(link.to)) return true;
    const auto there = [&](const std::string& id) {
        return id == kSubgraphInput || id == kSubgraphOutput || m_byId.contains(id);
    };
    return there(link.from) && there(link.to) &&
           std::find(m_kept.begin(), m_kept.end(), link.json) != m_kept.end();
}

bool GraphWriter::isObjectLinks() const {
    if (m_within) return true;
    const auto links = m_skeleton.find("links");
    if (links != m_skeleton.end() && links->is_array() && !links->empty()) return links->front().is_object();
    const auto version = m_skeleton.find("version");
    return version != m_skeleton.end() && version->is_number() && version->get<double>() >= 1;
}

Json GraphWriter::linkJson(std::int64_t id, const Wanted& wanted, std::size_t slot) const {
    const std::string& type =
        wanted.from.type == "*" && !wanted.type.empty() ? wanted.type : wanted.from.type;
    if (!isObjectLinks())
        return Json::array({id, idJson(wanted.from.id), wanted.from.slot, idJson(wanted.to), slot, type});
    return {{"id", id},
            {"origin_id", idJson(wanted.from.id)},
            {"origin_slot", wanted.from.slot},
            {"target_id", idJson(wanted.to)},
            {"target_slot", slot},
            {"type", type}};
}

Json GraphWriter::finishLinks() {
    using Key = std::tuple<std::string, std::size_t, std::string, std::size_t>;
    std::map<Key, const Wanted*> wanted;
    std::vector<Key> order;
    std::set<std::pair<std::string, std::size_t>> filled;
    for (const Wanted& w : m_wanted) {
        const auto slot = targetSlot(w);
        if (!slot || !filled.insert({w.to, *slot}).second) continue;
        order.push_back({w.from.id, w.from.slot, w.to, *slot});
        wanted[order.back()] = &w;
    }
    std::set<std::string> before, dropped;
    if (const auto nodes = m_skeleton.find("nodes"); nodes != m_skeleton.end() && nodes->is_array())
        for (const Json& id : *nodes) before.insert(idText(id));
    Json result = Json::array();
    std::vector<ForeignLink> links;
    std::int64_t last = 0;
    for (const char* place : {"last_link_id", "state"})
        if (const auto it = m_skeleton.find(place); it != m_skeleton.end()) {
            const Json count = it->is_object() && it->contains("lastLinkId") ? it->at("lastLinkId") : *it;
            if (count.is_number_integer()) last = std::max(last, count.get<std::int64_t>());
        }
    if (const auto original = m_skeleton.find("links"); original != m_skeleton.end() && original->is_array())
        for (const Json& json : *original) {
            if (json.is_null()) {
                result.push_back(json);
                continue;
            }
            ForeignLink link = readLink(json, "links");
            const Json id = idJson(link.id);
            if (id.is_number_integer()) last = std::max(last, id.get<std::int64_t>());
            if (wanted.erase({link.from, link.fromSlot, link.to, link.toSlot}) == 0 &&
                !isKept(link, before)) {
                dropped.insert(link.id);
                continue;
            }
            result.push_back(json);
            links.push_back(std::move(link));
        }
    for (const Key& key : order) {
        const auto it = wanted.find(key);
        if (it == wanted.end()) continue;
        result.push_back(linkJson(++last, *it->second, std::get<3>(key)));
        links.push_back(readLink(result.back(), "links"));
    }
    if (!dropped.empty()) forgetLinks(dropped);
    patchSlots(links);
    if (m_skeleton.contains("last_link_id")) m_skeleton["last_link_id"] = std::max(last, std::int64_t{0});
    if (m_skeleton.contains("state") && m_skeleton["state"].is_object())
        m_skeleton["state"]["lastLinkId"] = last;
    return result;
}

void GraphWriter::forgetLinks(const std::set<std::string>& dropped) {
    if (m_skeleton.contains("reroutes")) forgetInReroutes(m_skeleton["reroutes"], dropped);
    if (!m_skeleton.contains("extra") || !m_skeleton["extra"].is_object()) return;
    Json& extra = m_skeleton["extra"];
    if (extra.contains("reroutes")) forgetInReroutes(extra["reroutes"], dropped);
    if (!extra.contains("linkExtensions") || !extra["linkExtensions"].is_array()) return;
    Json left = Json::array();
    for (Json& extension : extra["linkExtensions"])
        if (!extension.is_object() || !dropped.contains(idText(extension.value("id", Json()))))
            left.push_back(std::move(extension));
    extra["linkExtensions"] = std::move(left);
}

/// Sets the links of a slot when they are others than it says; true where something changed.
bool GraphWriter::setLinks(Json& slots, std::size_t slot, const char* key,
                           const std::vector<std::string>& ids) {
    if (!slots.is_array() || slot >= slots.size() || !slots[slot].is_object()) return false;
    Json& place = slots[slot];
    const auto it = place.find(key);
    if (std::string_view(key) == "link") {
        const std::string now = it == place.end() ? std::string() : idText(*it);
        const std::string wanted = ids.empty() ? std::string() : ids.front();
        if (now == wanted) return false;
        place[key] = wanted.empty() ? Json(nullptr) : idJson(wanted);
        return true;
    }
    std::set<std::string> now;
    Json kept = Json::array();
    if (it != place.end() && it->is_array())
        for (const Json& id : *it) {
            now.insert(idText(id));
            if (std::find(ids.begin(), ids.end(), idText(id)) != ids.end()) kept.push_back(id);
        }
    if (now == std::set<std::string>(ids.begin(), ids.end())) return false;
    for (const std::string& id : ids)
        if (!now.contains(id)) kept.push_back(idJson(id));
    place[key] = kept.empty() ? Json(nullptr) : std::move(kept);
    return true;
}

void GraphWriter::patchSlots(const std::vector<ForeignLink>& links) {
    std::map<std::pair<std::string, std::size_t>, std::vector<std::string>> into, out;
    for (const ForeignLink& link : links) {
        into[{link.to, link.toSlot}].push_back(link.id);
        out[{link.from, link.fromSlot}].push_back(link.id);
    }
    const auto patch = [](Json& owner, const char* list, const char* key, const std::string& id,
                          const auto& map) {
        if (!owner.is_object() || !owner.contains(list) || !owner[list].is_array()) return;
        for (std::size_t slot = 0; slot < owner[list].size(); ++slot) {
            const auto it = map.find({id, slot});
            setLinks(owner[list], slot, key, it == map.end() ? std::vector<std::string>() : it->second);
        }
    };
    for (Emitted& emitted : m_emitted) {
        patch(emitted.json, "inputs", "link", emitted.id, into);
        patch(emitted.json, "outputs", "links", emitted.id, out);
    }
    if (!m_within) return;
    patch(m_skeleton, "inputs", "linkIds", kSubgraphInput, out);
    patch(m_skeleton, "outputs", "linkIds", kSubgraphOutput, into);
}

Json GraphWriter::finishNodes() {
    Json nodes = Json::array();
    std::set<std::size_t> done;
    if (const auto before = m_skeleton.find("nodes"); before != m_skeleton.end() && before->is_array())
        for (const Json& id : *before)
            if (const auto it = m_byId.find(idText(id)); it != m_byId.end() && done.insert(it->second).second)
                nodes.push_back(m_emitted[it->second].json);
    for (std::size_t i = 0; i < m_emitted.size(); ++i)
        if (done.insert(i).second) nodes.push_back(m_emitted[i].json);
    return nodes;
}

Json GraphWriter::finishGroups() const {
    const auto original = m_skeleton.find("groups");
    const Json before = original != m_skeleton.end() && original->is_array() ? *original : Json::array();
    Json groups = Json::array();
    for (const graph::Frame& frame : m_graph.frames()) {
        const bool known = frame.id >= 1 && frame.id <= before.size() && before[frame.id - 1].is_object();
        Json group = known ? before[frame.id - 1]
                           : Json{{"id", frame.id},     {"title", ""},     {"bounding", {0, 0, 0, 0}},
                                  {"color", "#3f789e"}, {"font_size", 24}, {"flags", Json::object()}};
        const graph::Frame now = frameOf(group, frame.id);
        if (now.title != frame.title) group["title"] = frame.title;
        if (now.color != frame.color && !frame.color.empty()) group["color"] = frame.color;
        if (now.x != frame.x) writePlace(group, "bounding", 0, frame.x);
        if (now.y != frame.y) writePlace(group, "bounding", 1, frame.y);
        if (now.width != frame.width) writePlace(group, "bounding", 2, frame.width);
        if (now.height != frame.height) writePlace(group, "bounding", 3, frame.height);
        groups.push_back(std::move(group));
    }
    return groups;
}

} // namespace ochre::project::interop
