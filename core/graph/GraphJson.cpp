// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/GraphJson.h"

#include <cmath>
#include <set>

#include <fmt/format.h>

namespace ochre::graph {
namespace {

constexpr std::size_t kMaxNodes = 1'000'000;
constexpr int kMaxGroupDepth = 32;
constexpr std::size_t kMaxText = std::size_t{1} << 20;

Json socketToJson(const Socket& s) {
    Json json{{"id", s.id}, {"label", s.label}, {"type", s.type}};
    if (s.list) json["list"] = true;
    if (s.optional) json["optional"] = true;
    return json;
}

Json nodeToJson(const Node& node) {
    Json json{{"id", node.id}, {"type", node.type}, {"version", node.version}, {"name", node.name}};
    if (!node.label.empty()) json["label"] = node.label;
    if (!node.group.empty()) json["group"] = node.group;
    if (node.muted) json["muted"] = true;
    if (node.bypassed) json["bypassed"] = true;
    for (const auto& [id, value] : node.parameters) json["parameters"][id] = toJson(value);
    for (const auto& [input, link] : node.inputs)
        json["inputs"][input] = Json::array({link.node, link.output});
    Json look{{"x", node.look.x}, {"y", node.look.y}};
    if (node.look.width != 0) look["width"] = node.look.width;
    if (node.look.collapsed) look["collapsed"] = true;
    if (!node.look.color.empty()) look["color"] = node.look.color;
    json["look"] = std::move(look);
    if (node.extra.is_object())
        for (const auto& [key, value] : node.extra.items()) json[key] = value;
    return json;
}

Json frameToJson(const Frame& f) {
    return {{"id", f.id}, {"title", f.title}, {"color", f.color},  {"x", f.x},
            {"y", f.y},   {"width", f.width}, {"height", f.height}};
}

Json groupToJson(const GroupDefinition& group) {
    Json json{
        {"id", group.id}, {"label", group.label}, {"inputs", Json::array()}, {"outputs", Json::array()}};
    for (const Socket& s : group.inputs) json["inputs"].push_back(socketToJson(s));
    for (const Socket& s : group.outputs) json["outputs"].push_back(socketToJson(s));
    json["graph"] = group.graph ? graphToJson(*group.graph) : graphToJson(Graph());
    return json;
}

/// A JSON value and where it stands, so that every complaint says the place.
class Place {
public:
    Place(const Json& json, std::string path) : m_json(json), m_path(std::move(path)) {}

    const Json& json() const { return m_json; }

    [[noreturn]] void fail(const std::string& what) const {
        throw broken(m_path + ": " + what, "the graph is damaged or was made by another program");
    }

    Place member(const char* key) const { return {m_json.at(key), m_path + "." + key}; }
    Place item(std::size_t i) const { return {m_json[i], fmt::format("{}[{}]", m_path, i)}; }
    bool has(const char* key) const { return m_json.contains(key); }

    const Place& object() const {
        if (!m_json.is_object()) fail("not an object");
        return *this;
    }

    std::string text(const char* key, const std::string& fallback = {}) const {
        if (!has(key)) return fallback;
        const Place p = member(key);
        if (!p.m_json.is_string()) p.fail("not a text");
        if (p.m_json.get_ref<const std::string&>().size() > kMaxText) p.fail("a text of more than 1 MiB");
        return p.m_json.get<std::string>();
    }

    bool flag(const char* key) const {
        if (!has(key)) return false;
        const Place p = member(key);
        if (!p.m_json.is_boolean()) p.fail("not true or false");
        return p.m_json.get<bool>();
    }

    double number(const char* key) const {
        if (!has(key)) return 0;
        const Place p = member(key);
        const double value = p.m_json.is_number() ? p.m_json.get<double>() : NAN;
        if (!std::isfinite(value)) p.fail("not a number");
        return value;
    }

    std::uint32_t whole(const char* key, std::uint32_t fallback) const {
        return has(key) ? member(key).wholeNumber() : fallback;
    }

    std::uint32_t wholeNumber() const {
        // 2³¹ bounds ids, so that the next one can always be counted.
        if (!m_json.is_number_integer() || m_json.get<std::int64_t>() < 1 ||
            m_json.get<std::int64_t>() > 0x7fffffff)
            fail("not a whole number from 1 to 2147483647");
        return m_json.get<std::uint32_t>();
    }

    template <typename Visit>
    void eachItem(const char* key, const Visit& visit) const {
        if (!has(key)) return;
        const Place list = member(key);
        if (!list.m_json.is_array()) list.fail("not a list");
        if (list.m_json.size() > kMaxNodes) list.fail(fmt::format("{} entries", list.m_json.size()));
        std::size_t i = 0;
        for (const Json& item : list.m_json) visit(Place(item, fmt::format("{}[{}]", list.m_path, i++)));
    }

    template <typename Visit>
    void eachMember(const char* key, const Visit& visit) const {
        if (!has(key)) return;
        const Place map = member(key);
        map.object();
        for (const auto& [name, value] : map.m_json.items())
            visit(name, Place(value, map.m_path + "." + name));
    }

private:
    const Json& m_json;
    std::string m_path;
};

NodeLook readLook(const Place& place) {
    place.object();
    return {place.number("x"), place.number("y"), place.number("width"), place.flag("collapsed"),
            place.text("color")};
}

Json unknownFields(const Json& node) {
    static const std::set<std::string> known{"id",    "type",     "version",    "name",   "label", "group",
                                             "muted", "bypassed", "parameters", "inputs", "look"};
    Json extra = nullptr;
    for (const auto& [key, value] : node.items())
        if (!known.count(key)) extra[key] = value;
    return extra;
}

Node readNode(const Place& place) {
    place.object();
    Node node;
    node.id = place.has("id") ? place.member("id").wholeNumber() : 0;
    if (node.id == 0) place.fail("the id is missing");
    node.type = place.text("type");
    if (node.type.empty()) place.fail("the type is missing");
    node.version = static_cast<int>(place.whole("version", 1));
    node.name = place.text("name");
    node.label = place.text("label");
    node.group = place.text("group");
    node.muted = place.flag("muted");
    node.bypassed = place.flag("bypassed");
    place.eachMember("parameters", [&](const std::string& id, const Place& value) {
        try {
            node.parameters[id] = parameterFromJson(value.json());
        } catch (const Error& e) {
            value.fail(e.message());
        }
    });
    if (place.has("look")) node.look = readLook(place.member("look"));
    node.extra = unknownFields(place.json());
    return node;
}

Link readLink(const Place& place) {
    const Json& json = place.json();
    if (!json.is_array() || json.size() != 2 || !json[1].is_string())
        place.fail("not a link of the form [node, \"output\"]");
    return {place.item(0).wholeNumber(), json[1].get<std::string>()};
}

std::vector<Socket> readSockets(const Place& group, const char* key) {
    std::vector<Socket> sockets;
    std::set<std::string> ids;
    group.eachItem(key, [&](const Place& place) {
        place.object();
        Socket s{.id = place.text("id"),
                 .label = place.text("label"),
                 .type = place.text("type", "any"),
                 .list = place.flag("list"),
                 .optional = place.flag("optional")};
        if (s.id.empty() || !ids.insert(s.id).second) place.fail("the id is missing or stands twice");
        sockets.push_back(std::move(s));
    });
    return sockets;
}

Graph readGraph(const Place& place, int depth);

GroupDefinition readGroup(const Place& place, int depth) {
    place.object();
    GroupDefinition group{place.text("id"), place.text("label"), readSockets(place, "inputs"),
                          readSockets(place, "outputs"), nullptr};
    if (group.id.empty()) place.fail("the id is missing");
    if (!place.has("graph")) place.fail("the graph is missing");
    group.graph = std::make_shared<const Graph>(readGraph(place.member("graph"), depth + 1));
    return group;
}

Graph readGraph(const Place& place, int depth) {
    if (depth > kMaxGroupDepth) place.fail("groups inside groups, too deep");
    place.object();
    Graph graph;
    place.eachItem("nodes", [&](const Place& item) {
        Node node = readNode(item);
        if (graph.find(node.id)) item.fail(fmt::format("the id {} stands twice", node.id));
        graph.add(std::move(node));
    });
    place.eachItem("nodes", [&](const Place& item) {
        const NodeId id = item.member("id").wholeNumber();
        item.eachMember("inputs", [&](const std::string& input, const Place& value) {
            const Link link = readLink(value);
            if (!graph.find(link.node)) value.fail(fmt::format("there is no node {}", link.node));
            try {
                graph.connect(link, id, input);
            } catch (const Error& e) {
                value.fail(e.message());
            }
        });
    });
    std::vector<Frame> frames;
    place.eachItem("frames", [&](const Place& item) {
        item.object();
        frames.push_back({item.whole("id", 1), item.text("title"), item.text("color"), item.number("x"),
                          item.number("y"), item.number("width"), item.number("height")});
    });
    if (!frames.empty()) graph.setFrames(std::move(frames));
    std::set<std::string> groups;
    place.eachItem("groups", [&](const Place& item) {
        GroupDefinition group = readGroup(item, depth);
        if (!groups.insert(group.id).second)
            item.fail(fmt::format("the group \"{}\" stands twice", group.id));
        graph.setGroup(std::move(group));
    });
    return graph;
}

} // namespace

Json graphToJson(const Graph& graph) {
    Json json{{"nodes", Json::array()}};
    graph.forEach([&](const Node& node) { json["nodes"].push_back(nodeToJson(node)); });
    for (const Frame& frame : graph.frames()) json["frames"].push_back(frameToJson(frame));
    for (const GroupDefinition* group : graph.groups()) json["groups"].push_back(groupToJson(*group));
    return json;
}

Graph graphFromJson(const Json& json, std::string_view subject) {
    return readGraph(Place(json, std::string(subject) + ": graph"), 0);
}

} // namespace ochre::graph
