// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyWrite.h"

#include <set>

#include "core/base/Hash.h"
#include "core/project/interop/ComfyApi.h"
#include "core/project/interop/ComfyGraphWriter.h"

namespace ochre::project::interop {
namespace {

Json emptyRoot() {
    return {{"revision", 0},
            {"last_node_id", 0},
            {"last_link_id", 0},
            {"nodes", Json::array()},
            {"links", Json::array()},
            {"groups", Json::array()},
            {"config", Json::object()},
            {"extra", Json::object()},
            {"version", 0.4}};
}

const Json* comfyOf(const Json& extra) {
    if (!extra.is_object()) return nullptr;
    const auto comfy = extra.find(kComfyMember);
    if (comfy == extra.end() || !comfy->is_object()) return nullptr;
    const auto root = comfy->find("root");
    return root != comfy->end() && root->is_object() ? &*comfy : nullptr;
}

std::int64_t largestId(const Json& nodes) {
    std::int64_t largest = 0;
    for (const Json& node : nodes)
        if (const Json id = idJson(idText(node.at("id"))); id.is_number_integer())
            largest = std::max(largest, id.get<std::int64_t>());
    return largest;
}

void countNodes(Json& graph) {
    const std::int64_t largest = largestId(graph["nodes"]);
    const auto raise = [&](Json& count) {
        if (count.is_number_integer() && count.get<std::int64_t>() < largest) count = largest;
    };
    if (graph.contains("last_node_id")) raise(graph["last_node_id"]);
    if (graph.contains("state") && graph["state"].is_object() && graph["state"].contains("lastNodeId"))
        raise(graph["state"]["lastNodeId"]);
}

Json newDefinition(const graph::GroupDefinition& group, const std::string& uuid) {
    Json definition{
        {"id", uuid},
        {"version", 1},
        {"state", {{"lastGroupId", 0}, {"lastNodeId", 0}, {"lastLinkId", 0}, {"lastRerouteId", 0}}},
        {"revision", 0},
        {"config", Json::object()},
        {"name", group.label},
        {"inputNode", {{"id", -10}, {"bounding", {-300, 0, 120, 100}}}},
        {"outputNode", {{"id", -20}, {"bounding", {1200, 0, 120, 100}}}},
        {"inputs", Json::array()},
        {"outputs", Json::array()},
        {"widgets", Json::array()},
        {"nodes", Json::array()},
        {"groups", Json::array()},
        {"links", Json::array()},
        {"extra", Json::object()}};
    const auto add = [&](const char* key, const graph::Socket& socket) {
        const Hash128 hash = hashText(uuid + key + socket.id);
        definition[key].push_back({{"id", hash.hex().substr(0, 8) + "-" + hash.hex().substr(8, 4) + "-8" +
                                              hash.hex().substr(13, 3) + "-a" + hash.hex().substr(17, 3) +
                                              "-" + hash.hex().substr(20, 12)},
                                   {"name", socket.id},
                                   {"type", comfyTypeOf(socket.type)},
                                   {"linkIds", Json::array()}});
    };
    for (const graph::Socket& socket : group.inputs) add("inputs", socket);
    for (const graph::Socket& socket : group.outputs) add("outputs", socket);
    return definition;
}

/// Definitions where they stood, the new ones behind them, and those whose groups are gone left out.
class Definitions {
public:
    explicit Definitions(WriteContext& context) : m_context(context) {}

    void write(Json& root) {
        collect(root);
        // Writing one may find others inside it.
        for (bool more = true; more;) {
            more = false;
            const auto used = m_context.used;
            for (const auto& [uuid, group] : used)
                if (!m_written.contains(uuid)) {
                    more = true;
                    writeOne(uuid, *group);
                }
        }
        put(root, true);
    }

private:
    static Json* subgraphs(Json& graph) {
        if (!graph.contains("definitions") || !graph["definitions"].is_object()) return nullptr;
        Json& definitions = graph["definitions"];
        if (!definitions.contains("subgraphs") || !definitions["subgraphs"].is_array()) return nullptr;
        return &definitions["subgraphs"];
    }

    void collect(Json& graph) {
        if (Json* list = subgraphs(graph))
            for (Json& definition : *list) {
                if (!definition.is_object()) continue;
                m_before.emplace(textOf(definition, "id"), definition);
                collect(definition);
            }
    }

    void writeOne(const std::string& uuid, const graph::GroupDefinition& group) {
        const auto before = m_before.find(uuid);
        Json skeleton = before == m_before.end() ? newDefinition(group, uuid) : before->second;
        static const graph::Graph kNothing;
        GraphWriter writer(m_context, group.graph ? *group.graph : kNothing, std::move(skeleton), &group);
        Json json = writer.write();
        countNodes(json);
        if (before != m_before.end() && textOf(json, "name") != group.label && group.label != uuid)
            json["name"] = group.label;
        m_written[uuid] = std::move(json);
    }

    /// A definition that was read keeps only ids of nodes; such a one without a group is of nodes that were
    /// deleted.
    static bool isThin(const Json& definition) {
        const auto nodes = definition.find("nodes");
        return nodes != definition.end() && nodes->is_array() && !nodes->empty() &&
               !nodes->front().is_object();
    }

    void put(Json& graph, bool isRoot) {
        Json* list = subgraphs(graph);
        Json result = Json::array();
        if (list)
            for (Json& definition : *list) {
                const std::string id = textOf(definition, "id");
                if (const auto it = m_written.find(id); it != m_written.end() && m_placed.insert(id).second) {
                    Json json = it->second;
                    put(json, false);
                    result.push_back(std::move(json));
                } else if (definition.is_object() && !isThin(definition)) {
                    result.push_back(definition);
                }
            }
        if (isRoot)
            for (auto& [uuid, json] : m_written)
                if (m_placed.insert(uuid).second) result.push_back(json);
        if (list)
            *list = std::move(result);
        else if (!result.empty())
            graph["definitions"]["subgraphs"] = std::move(result);
    }

    WriteContext& m_context;
    std::map<std::string, Json> m_before, m_written;
    std::set<std::string> m_placed;
};

Json writeRoot(const graph::Graph& graph, const Json* comfy, WriteContext& context) {
    Json skeleton = comfy ? comfy->at("root") : emptyRoot();
    GraphWriter writer(context, graph, std::move(skeleton), nullptr);
    Json root = writer.write();
    countNodes(root);
    Definitions(context).write(root);
    return root;
}

/// What only the way back to the API needs goes; widgets by name become the list that the front end reads.
void finishUi(Json& graph) {
    for (Json& node : graph["nodes"]) {
        if (!node.contains(kApiMember)) continue;
        node.erase(kApiMember);
        const Row* row = rowOfClass(textOf(node, "type"));
        if (!row || !node.contains("widgets_values") || !node["widgets_values"].is_object()) continue;
        Json list = Json::array();
        for (std::size_t i = 0; i < row->widgets.size(); ++i) {
            const Json value = widgetValue(node, *row, i);
            list.push_back(value.is_null() ? row->widgets[i].fallback : value);
            if (row->widgets[i].controlled()) list.push_back("fixed");
        }
        node["widgets_values"] = std::move(list);
    }
}

bool isFromApi(const Json* comfy) {
    return comfy && textOf(*comfy, "format") == "api";
}

} // namespace

WroteComfy writeWorkflow(const graph::Graph& graph, const Json& extra, const graph::NodeRegistry& registry) {
    WriteContext context{registry};
    const Json* comfy = comfyOf(extra);
    Json root = writeRoot(graph, comfy, context);
    if (isFromApi(comfy)) finishUi(root);
    return {std::move(root), std::move(context.missing), std::move(context.missingTypes),
            std::move(context.warnings)};
}

WroteComfy writeApi(const graph::Graph& graph, const Json& extra, const graph::NodeRegistry& registry) {
    WriteContext context{registry};
    const Json root = writeRoot(graph, comfyOf(extra), context);
    Json api = apiFromWorkflow(root, "workflow", context.warnings);
    return {std::move(api), std::move(context.missing), std::move(context.missingTypes),
            std::move(context.warnings)};
}

} // namespace ochre::project::interop
