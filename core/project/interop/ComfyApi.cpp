// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyApi.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/project/interop/ComfyGraph.h"

namespace ochre::project::interop {
namespace {

// API to workflow

/// The node that a value of "inputs" names, or nothing: a plain value.
std::string sourceOf(const Json& value, const Json& api) {
    // As the server tells links from lists: the id is text, whatever it looks like.
    if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_number_integer())
        return {};
    const std::string id = idText(value[0]);
    const auto slot = value[1].get<std::int64_t>();
    return !id.empty() && api.contains(id) && slot >= 0 && slot < static_cast<std::int64_t>(kMaxSlots)
               ? id
               : std::string();
}

class ApiReader {
public:
    ApiReader(const Json& api, std::string_view subject) : m_api(api), m_subject(subject) {}

    Json read() {
        if (m_api.size() > kMaxWorkflowNodes)
            fail("", fmt::format("{} nodes, more than {}", m_api.size(), kMaxWorkflowNodes));
        m_links = Json::array();
        for (const auto& [id, node] : m_api.items()) m_nodes.emplace(id, makeNode(id, node));
        for (const auto& [id, node] : m_api.items()) addLinks(id, node.value("inputs", Json::object()));
        placeNodes();
        Json nodes = Json::array();
        for (const auto& [id, node] : m_api.items()) nodes.push_back(std::move(m_nodes.at(id)));
        return {{"last_node_id", m_api.size()}, {"last_link_id", m_links.size()},
                {"nodes", std::move(nodes)},    {"links", std::move(m_links)},
                {"groups", Json::array()},      {"config", Json::object()},
                {"extra", Json::object()},      {"version", 0.4}};
    }

private:
    [[noreturn]] void fail(const std::string& id, const std::string& what) const {
        throw broken(fmt::format("{}: {}{}{}", m_subject, id.empty() ? "" : "node " + id,
                                 id.empty() ? "" : ": ", what),
                     "the file is no whole API prompt of ComfyUI");
    }

    Json makeNode(const std::string& id, const Json& api) {
        if (!api.is_object() || !api.contains("class_type") || !api.at("class_type").is_string())
            fail(id, "the class_type is missing");
        const Json inputs = api.value("inputs", Json::object());
        if (!inputs.is_object()) fail(id, "inputs is not an object");
        if (inputs.size() > kMaxSlots)
            fail(id, fmt::format("{} inputs, more than {}", inputs.size(), kMaxSlots));
        const std::string type = api.at("class_type").get<std::string>();
        if (type.empty() || type.size() > kMaxNameBytes) fail(id, "the class_type is empty or too long");
        Json node{{"id", idJson(id)},
                  {"type", type},
                  {"mode", 0},
                  {"inputs", Json::array()},
                  {"outputs", Json::array()}};
        if (const Row* row = rowOfClass(type))
            for (const SocketRule& output : row->outputs)
                node["outputs"].push_back(
                    {{"name", output.comfy}, {"type", output.type}, {"links", nullptr}});
        Json widgets = Json::object(), rest = api;
        for (const auto& [name, value] : inputs.items())
            if (sourceOf(value, m_api).empty()) widgets[name] = value;
        rest.erase("inputs");
        node["widgets_values"] = std::move(widgets);
        if (const auto meta = api.find("_meta"); meta != api.end() && meta->is_object())
            if (const auto title = meta->find("title"); title != meta->end() && title->is_string())
                node["title"] = *title;
        node[kApiMember] = std::move(rest);
        return node;
    }

    void addLinks(const std::string& id, const Json& inputs) {
        for (const auto& [name, value] : inputs.items()) {
            const std::string from = sourceOf(value, m_api);
            if (from.empty()) continue;
            const auto slot = value[1].get<std::size_t>();
            Json &source = m_nodes.at(from), &target = m_nodes.at(id);
            while (source["outputs"].size() <= slot)
                source["outputs"].push_back({{"name", fmt::format("output_{}", source["outputs"].size())},
                                             {"type", "*"},
                                             {"links", nullptr}});
            Json& output = source["outputs"][slot];
            const Json number = m_links.size() + 1, type = output.at("type");
            if (output["links"].is_null()) output["links"] = Json::array();
            output["links"].push_back(number);
            Json input{{"name", name}, {"type", type}, {"link", number}};
            if (const Row* row = rowOfClass(target.at("type").get<std::string>()); row && row->widgetOf(name))
                input["widget"] = {{"name", name}};
            m_links.push_back(
                {number, source.at("id"), slot, target.at("id"), target["inputs"].size(), type});
            target["inputs"].push_back(std::move(input));
            if (from != id) m_feeds[from].push_back(id), ++m_waiting[id];
        }
    }

    /// Each node one column right of the last of those that it needs.
    void placeNodes() {
        std::map<std::string, int> columns;
        std::deque<std::string> ready;
        for (const auto& [id, node] : m_api.items())
            if (m_waiting[id] == 0) ready.push_back(id);
        while (!ready.empty()) {
            const std::string id = ready.front();
            ready.pop_front();
            for (const std::string& next : m_feeds[id]) {
                columns[next] = std::max(columns[next], columns[id] + 1);
                if (--m_waiting[next] == 0) ready.push_back(next);
            }
        }
        std::map<int, double> heights;
        for (const auto& [id, api] : m_api.items()) {
            Json& node = m_nodes.at(id);
            const bool prompt = node["widgets_values"].contains("text");
            const double height =
                80 + 24.0 * static_cast<double>(node["inputs"].size() + node["widgets_values"].size()) +
                (prompt ? 120 : 0);
            const int column = columns[id];
            node["pos"] = {column * 340.0, heights[column]};
            node["size"] = {280.0, height};
            heights[column] += height + 60;
        }
    }

    const Json& m_api;
    std::string_view m_subject;
    std::map<std::string, Json> m_nodes;
    std::map<std::string, std::vector<std::string>> m_feeds;
    std::map<std::string, int> m_waiting;
    Json m_links;
};

// Workflow to API

/// A graph, or a subgraph at one of its instances.
struct Scope {
    const ForeignGraph* graph = nullptr;
    const Scope* parent = nullptr;
    const ForeignNode* instance = nullptr;
    std::string prefix;
    std::map<std::pair<std::string, std::size_t>, const ForeignLink*> into;
    std::map<std::string, std::unique_ptr<Scope>> children;
};

struct Source {
    enum class Kind { None, Node, Value } kind = Kind::None;
    std::string id; ///< with the prefix
    std::size_t slot = 0;
    Json value;
};

class ApiWriter {
public:
    ApiWriter(const Json& workflow, std::string_view subject, std::vector<std::string>& warnings)
        : m_workflow(parseWorkflow(workflow, subject)), m_subject(subject), m_warnings(warnings) {}

    Json write() {
        Scope root;
        open(root, m_workflow.root);
        m_out = Json::object();
        writeScope(root);
        return std::move(m_out);
    }

private:
    void open(Scope& scope, const ForeignGraph& graph) {
        scope.graph = &graph;
        for (const ForeignLink& link : graph.links) scope.into[{link.to, link.toSlot}] = &link;
        for (const ForeignNode& node : graph.nodes) {
            const auto inner = m_workflow.definitions.find(node.type);
            if (inner == m_workflow.definitions.end()) continue;
            auto child = std::make_unique<Scope>();
            child->parent = &scope;
            child->instance = &node;
            child->prefix = scope.prefix + node.id + ":";
            open(*child, inner->second);
            scope.children[node.id] = std::move(child);
        }
    }

    void writeScope(const Scope& scope) {
        for (const ForeignNode& node : scope.graph->nodes) {
            if (node.mode == 2 || node.mode == 4 || isVirtualClass(node.type)) continue;
            if (const auto child = scope.children.find(node.id); child != scope.children.end())
                writeScope(*child->second);
            else
                m_out[scope.prefix + node.id] = apiNode(scope, node);
        }
    }

    Json apiNode(const Scope& scope, const ForeignNode& node) {
        const auto member = node.json.find(kApiMember);
        const bool fromApi = member != node.json.end() && member->is_object();
        Json api = fromApi ? *member : Json::object();
        if (textOf(api, "class_type") != node.type) api["class_type"] = node.type;
        Json inputs = widgetInputs(node, fromApi);
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            const Source source = into(scope, node.id, i, 0);
            const std::string& name = node.inputs[i].name;
            if (source.kind == Source::Kind::Node)
                inputs[name] = Json::array({source.id, source.slot});
            else if (source.kind == Source::Kind::Value)
                inputs[name] = literal(source.value);
        }
        const std::string title = textOf(node.json, "title");
        if (fromApi) {
            Json meta = api.contains("_meta") && api["_meta"].is_object() ? api["_meta"] : Json::object();
            if (!title.empty() && textOf(meta, "title") != title) {
                meta["title"] = title;
                api["_meta"] = std::move(meta);
            }
        } else {
            api["_meta"] = {{"title", title.empty() ? node.type : title}};
        }
        Json result{{"inputs", std::move(inputs)}};
        for (auto& [key, value] : api.items()) result[key] = value;
        return result;
    }

    static Json literal(const Json& value) { return value.is_array() ? Json{{"__value__", value}} : value; }

    Json widgetInputs(const ForeignNode& node, bool fromApi) {
        Json inputs = Json::object();
        const auto values = node.json.find("widgets_values");
        if (values == node.json.end()) return inputs;
        if (values->is_object()) {
            for (const auto& [name, value] : values->items()) inputs[name] = fromApi ? value : literal(value);
            return inputs;
        }
        if (!values->is_array()) return inputs;
        if (const Row* row = rowOfClass(node.type)) {
            for (std::size_t i = 0; i < row->widgets.size(); ++i)
                if (const Json value = widgetValue(node.json, *row, i); !value.is_null())
                    inputs[row->widgets[i].comfy] = literal(value);
            return inputs;
        }
        // Newer front ends list the widgets among the inputs, in the order of their values.
        std::size_t at = 0;
        for (const ForeignSlot& slot : node.inputs) {
            if (slot.widget.empty() || at >= values->size()) continue;
            inputs[slot.widget] = literal((*values)[at++]);
            const bool seed = slot.widget == "seed" || slot.widget == "noise_seed";
            if (seed && at < values->size() && isSeedControl((*values)[at])) ++at;
        }
        if (at < values->size())
            m_warnings.push_back(fmt::format("{}: node {} ({}): the names of {} of its values are not known",
                                             m_subject, node.id, node.type, values->size() - at));
        return inputs;
    }

    Source into(const Scope& scope, const std::string& node, std::size_t slot, int steps) {
        const auto link = scope.into.find({node, slot});
        return link == scope.into.end()
                   ? Source{}
                   : resolve(scope, link->second->from, link->second->fromSlot, steps + 1);
    }

    Source resolve(const Scope& scope, const std::string& id, std::size_t slot, int steps) {
        if (steps > 1000) throw broken(fmt::format("{}: node {}: its links run in a circle", m_subject, id));
        if (id == kSubgraphInput) return fromOutside(scope, slot, steps);
        const ForeignNode* node = scope.graph->find(id);
        if (!node || node->mode == 2) return {};
        if (node->mode == 4) return throughBypass(scope, *node, slot, steps);
        if (const auto child = scope.children.find(id); child != scope.children.end())
            return into(*child->second, kSubgraphOutput, slot, steps + 1);
        if (node->type == "Reroute") return into(scope, id, 0, steps);
        if (node->type == "PrimitiveNode") {
            const auto values = node->json.find("widgets_values");
            if (values == node->json.end() || !values->is_array() || values->empty()) return {};
            return {Source::Kind::Value, {}, 0, (*values)[0]};
        }
        return {Source::Kind::Node, scope.prefix + id, slot, nullptr};
    }

    /// Inside a subgraph: what its instance is given, else the value of the instance's own widget.
    Source fromOutside(const Scope& scope, std::size_t slot, int steps) {
        if (!scope.parent || slot >= scope.graph->inputs.size()) return {};
        const ForeignNode& instance = *scope.instance;
        const std::string& name = scope.graph->inputs[slot].name;
        const auto& inputs = instance.inputs;
        const auto it =
            std::find_if(inputs.begin(), inputs.end(), [&](const ForeignSlot& s) { return s.name == name; });
        const auto place = it == inputs.end() ? slot : static_cast<std::size_t>(it - inputs.begin());
        if (const Source source = into(*scope.parent, instance.id, place, steps);
            source.kind != Source::Kind::None)
            return source;
        const auto values = instance.json.find("widgets_values");
        if (it == inputs.end() || it->widget.empty() || values == instance.json.end() || !values->is_array())
            return {};
        const auto before =
            std::count_if(inputs.begin(), it, [](const ForeignSlot& s) { return !s.widget.empty(); });
        const auto at = static_cast<std::size_t>(before);
        return at < values->size() ? Source{Source::Kind::Value, {}, 0, (*values)[at]} : Source{};
    }

    Source throughBypass(const Scope& scope, const ForeignNode& node, std::size_t slot, int steps) {
        const std::string type = slot < node.outputs.size() ? node.outputs[slot].type : "*";
        const auto fits = [&](std::size_t i) {
            return i < node.inputs.size() && (type == "*" || node.inputs[i].type == type);
        };
        if (fits(slot)) return into(scope, node.id, slot, steps);
        for (std::size_t i = 0; i < node.inputs.size(); ++i)
            if (fits(i) || node.inputs[i].type == "*") return into(scope, node.id, i, steps);
        return {};
    }

    Workflow m_workflow;
    std::string m_subject;
    std::vector<std::string>& m_warnings;
    Json m_out;
};

} // namespace

Json workflowFromApi(const Json& api, std::string_view subject) {
    if (!isApiPrompt(api)) throw notMine(fmt::format("{}: is no API prompt of ComfyUI", subject));
    return ApiReader(api, subject).read();
}

Json apiFromWorkflow(const Json& workflow, std::string_view subject, std::vector<std::string>& warnings) {
    return ApiWriter(workflow, subject, warnings).write();
}

} // namespace ochre::project::interop
