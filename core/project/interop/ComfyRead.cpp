// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyRead.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/project/interop/ComfyApi.h"
#include "core/project/interop/ComfyGraph.h"
#include "core/project/interop/ComfyTranslate.h"

namespace ochre::project::interop {
namespace {

using graph::Node;
using graph::NodeId;

/// What all graphs of one file share.
struct Context {
    const Workflow& workflow;
    std::string subject;
    const graph::NodeRegistry& registry;
    const FindInput& findInput;
    std::vector<std::string> warnings = {};
    std::map<std::string, int> unknown = {}; ///< classes kept as they are, and how many
    std::map<std::string, graph::GroupDefinition> groups = {};
};

graph::GroupDefinition readDefinition(Context& context, const std::string& id);

/// The way from a part to its owner: the part, the reroutes between from the owner up, and all links on it.
struct PartWay {
    const ForeignNode* part = nullptr;
    std::vector<const ForeignNode*> reroutes;
    std::vector<const ForeignLink*> links;
};

struct Role {
    enum class Kind { Row, Part, Placeholder, Group, Primitive } kind = Kind::Placeholder;
    const Row* row = nullptr;
    NodeId id = 0; ///< 0: a part (or a reroute behind one) that lives in its owners alone
    std::map<std::string, PartWay> parts;   ///< by the name of the input
    std::vector<const ForeignNode*> owners; ///< of a part or a reroute behind one
};

struct Target {
    NodeId node = 0;
    std::string input;
    bool inverted = false;
};

class GraphReader {
public:
    GraphReader(Context& context, const ForeignGraph& graph) : m_context(context), m_graph(graph) {}

    graph::Graph read(bool isDefinition) {
        for (const ForeignLink& link : m_graph.links) m_into[{link.to, link.toSlot}] = &link;
        for (const ForeignNode& node : m_graph.nodes) m_roles[node.id] = roleOf(node);
        for (const ForeignNode& node : m_graph.nodes) takeParts(node);
        giveIds();
        if (isDefinition) addEnds();
        for (const ForeignNode& node : m_graph.nodes)
            if (m_roles.at(node.id).id != 0) addNode(node);
        for (const ForeignLink& link : m_graph.links) addLink(link);
        for (const ForeignNode& node : m_graph.nodes)
            if (m_roles.at(node.id).kind == Role::Kind::Group) addPromoted(node);
        return finish();
    }

private:
    // Roles
    Role roleOf(const ForeignNode& node) const {
        Role role;
        if (m_context.workflow.definitions.contains(node.type)) {
            role.kind = Role::Kind::Group;
        } else if (node.type == "PrimitiveNode" && primitiveValue(node)) {
            role.kind = Role::Kind::Primitive;
        } else if (const Row* row = rowOfClass(node.type)) {
            role.row = row;
            if (row->isPart())
                role.kind = Role::Kind::Part;
            else if (m_context.registry.find(row->ochre) && isUnderstood(*row, node))
                role.kind = Role::Kind::Row;
        }
        return role;
    }

    /// Values of widgets that Ochre has no word for must be the usual ones.
    static bool isUnderstood(const Row& row, const ForeignNode& node) {
        for (std::size_t i = 0; i < row.widgets.size(); ++i) {
            if (row.widgets[i].kind != "only") continue;
            const Json value = widgetValue(node.json, row, i);
            if (!value.is_null() && value != row.widgets[i].fallback) return false;
        }
        return true;
    }

    /// What feeds an input of `node`, through reroutes that are on.
    PartWay wayInto(const ForeignNode& node, const std::string& input) const {
        PartWay way;
        const auto named = [&](const ForeignSlot& slot) { return slot.name == input; };
        const auto place = std::find_if(node.inputs.begin(), node.inputs.end(), named);
        if (place == node.inputs.end()) return way;
        auto link = m_into.find({node.id, static_cast<std::size_t>(place - node.inputs.begin())});
        while (link != m_into.end() && way.reroutes.size() < kMaxSlots) {
            way.links.push_back(link->second);
            const ForeignNode* from = m_graph.find(link->second->from);
            if (!from || from->type != "Reroute" || from->mode != 0) {
                way.part = from;
                break;
            }
            way.reroutes.push_back(from);
            link = m_into.find({from->id, 0});
        }
        return way;
    }

    /// A sampler made of several nodes becomes one; where a part is of another kind it stays as it came.
    void takeParts(const ForeignNode& node) {
        Role& role = m_roles.at(node.id);
        if (role.kind != Role::Kind::Row) return;
        std::map<std::string, PartWay> parts;
        for (const SocketRule& input : role.row->inputs) {
            if (!input.part) continue;
            PartWay way = wayInto(node, input.comfy);
            const Row* row = way.part ? rowOfClass(way.part->type) : nullptr;
            if (!row || row->ochre != "@" + input.type || way.part->mode != 0) {
                role.kind = Role::Kind::Placeholder;
                return;
            }
            parts[input.comfy] = std::move(way);
        }
        for (const auto& [input, way] : parts) {
            m_roles.at(way.part->id).owners.push_back(&node);
            for (const ForeignNode* reroute : way.reroutes) m_roles.at(reroute->id).owners.push_back(&node);
            m_inner.insert(way.links.begin(), way.links.end());
        }
        role.parts = std::move(parts);
    }

    /// From a part into the node that it belongs to.
    bool isInner(const ForeignLink& link) const { return m_inner.contains(&link); }

    /// Parts and reroutes with a link that leads elsewhere, and what feeds those reroutes.
    std::set<std::string> linkedOut() {
        std::set<std::string> out;
        for (const ForeignLink& link : m_graph.links)
            if (m_roles.contains(link.to) && !isInner(link)) out.insert(link.from);
        for (const ForeignNode& node : m_graph.nodes)
            for (const auto& [input, way] : m_roles.at(node.id).parts)
                for (std::size_t i = 0; i < way.reroutes.size(); ++i) {
                    if (!out.contains(way.reroutes[i]->id)) continue;
                    out.insert(way.links[i + 1]->from);
                    m_inner.erase(way.links[i + 1]);
                }
        return out;
    }

    // Nodes
    void giveIds() {
        std::vector<const ForeignNode*> later;
        const std::set<std::string> standing = linkedOut();
        for (const ForeignNode& node : m_graph.nodes) {
            Role& role = m_roles.at(node.id);
            if (!role.owners.empty() && !standing.contains(node.id)) continue;
            const Json id = idJson(node.id);
            const bool usable =
                id.is_number_integer() && id.get<std::int64_t>() > 0 && id.get<std::int64_t>() <= kLargestId;
            role.id = usable ? static_cast<NodeId>(id.get<std::int64_t>()) : 0;
            if (usable)
                m_next = std::max(m_next, role.id + 1);
            else
                later.push_back(&node);
        }
        for (const ForeignNode* node : later) m_roles.at(node->id).id = m_next++;
    }

    Node makeNode(const std::string& type, graph::NodeLook look) {
        Node node;
        node.id = m_next++;
        node.type = type;
        if (const auto* declaration = m_context.registry.find(type)) node.version = declaration->version();
        node.look = std::move(look);
        return node;
    }

    void addNode(const ForeignNode& foreign) {
        const Role& role = m_roles.at(foreign.id);
        Node node;
        node.id = role.id;
        node.label = labelOf(foreign.json);
        node.look = lookOf(foreign.json);
        node.muted = foreign.mode == 2;
        node.bypassed = foreign.mode == 4;
        Json comfy{{"node", foreign.json}};
        for (const auto& [input, way] : role.parts) {
            comfy["parts"][input] = way.part->json;
            for (const ForeignNode* reroute : way.reroutes) comfy["reroutes"][input].push_back(reroute->json);
        }
        node.extra = {{kComfyMember, std::move(comfy)}};
        switch (role.kind) {
        case Role::Kind::Row:
            setParameters(node, foreign, role);
            break;
        case Role::Kind::Group:
            node.type = "group";
            node.group = foreign.type;
            definition(foreign.type);
            break;
        case Role::Kind::Primitive:
            setPrimitive(node, foreign);
            break;
        case Role::Kind::Part:
        case Role::Kind::Placeholder:
            node.type = std::string(kPlaceholder) + foreign.type;
            node.name = freeName(placeholderName(foreign.type));
            ++m_context.unknown[foreign.type];
            break;
        }
        m_nodes[node.id] = std::move(node);
    }

    /// "name", "name_2", …: each node of an unknown class has one of its own.
    std::string freeName(const std::string& name) {
        std::string free = name;
        for (int count = 2; !m_names.insert(free).second; ++count) free = fmt::format("{}_{}", name, count);
        return free;
    }

    static std::string placeholderName(std::string type) {
        for (char& c : type)
            if (c == '.' || c == '=' || c == ' ' || c == '#' || c == ':') c = '_';
        return type;
    }

    const graph::GroupDefinition& definition(const std::string& id) {
        const auto known = m_context.groups.find(id);
        if (known != m_context.groups.end()) return m_used.emplace(id, known->second).first->second;
        graph::GroupDefinition made = readDefinition(m_context, id);
        m_context.groups.emplace(id, made);
        return m_used.insert_or_assign(id, std::move(made)).first->second;
    }

    void setParameters(Node& node, const ForeignNode& foreign, const Role& role) {
        const graph::NodeDeclaration& declaration = *m_context.registry.find(role.row->ochre);
        node.type = declaration.id();
        node.version = declaration.version();
        setFromRow(node, declaration, *role.row, foreign);
        for (const auto& [input, way] : role.parts)
            setFromRow(node, declaration, *rowOfClass(way.part->type), *way.part);
    }

    void setFromRow(Node& node, const graph::NodeDeclaration& declaration, const Row& row,
                    const ForeignNode& foreign) {
        const auto set = [&](const std::string& parameter, const graph::ParameterValue& value) {
            const graph::Parameter* known = declaration.findParameter(parameter);
            if (known && !sameValue(known->defaultValue, value)) node.parameters[parameter] = value;
        };
        for (std::size_t i = 0; i < row.widgets.size(); ++i) {
            const WidgetRule& rule = row.widgets[i];
            if (rule.parameter.empty()) continue;
            const Json said = widgetValue(foreign.json, row, i);
            const Json& value = said.is_null() || said.is_array() ? rule.fallback : said;
            auto translated = translate(rule, value, declaration);
            if (!translated) {
                warn(foreign, fmt::format("{} {} cannot be said in Ochre", rule.comfy, dumpJson(value)));
                continue;
            }
            if (rule.controlled() && said.is_number_unsigned() && said.get<std::uint64_t>() > INT64_MAX)
                warn(foreign, fmt::format("{} {} is larger than Ochre's; its lower 63 bits are used", rule.comfy,
                                          said.get<std::uint64_t>()));
            if (rule.kind == "file" && m_context.findInput)
                if (std::string path = m_context.findInput(std::get<std::string>(*translated)); !path.empty())
                    translated = std::move(path);
            set(rule.parameter, *translated);
        }
        for (const auto& [parameter, value] : row.fixed) set(parameter, value);
    }

    void warn(const ForeignNode& node, const std::string& what) {
        if (m_context.warnings.size() < 100)
            m_context.warnings.push_back(fmt::format("{} ({}): {}", node.type, node.id, what));
    }

    // Values
    static std::optional<Json> primitiveValue(const ForeignNode& node) {
        const auto values = node.json.find("widgets_values");
        if (values == node.json.end() || !values->is_array() || values->empty() ||
            (*values)[0].is_structured() || (*values)[0].is_null())
            return std::nullopt;
        return (*values)[0];
    }

    void setPrimitive(Node& node, const ForeignNode& foreign) {
        std::optional<graph::ParameterValue> value;
        const Json json = *primitiveValue(foreign);
        if (const WidgetRule* rule = widgetFedBy(foreign.id, 0)) value = toOchre(*rule, json);
        if (!value) value = graph::parameterFromJson(json);
        setValue(node, *value);
    }

    /// The first widget that a node's value goes to, through reroutes; null where there is none.
    const WidgetRule* widgetFedBy(const std::string& id, int steps) const {
        for (const ForeignLink& link : m_graph.links) {
            if (link.from != id) continue;
            if (const WidgetRule* rule = widgetAt(link)) return rule;
            const ForeignNode* target = m_graph.find(link.to);
            if (!target || target->type != "Reroute" || steps > kMaxSubgraphDepth) continue;
            if (const WidgetRule* rule = widgetFedBy(target->id, steps + 1)) return rule;
        }
        return nullptr;
    }

    const WidgetRule* widgetAt(const ForeignLink& link) const {
        const ForeignNode* target = m_graph.find(link.to);
        const Row* row = target ? rowOfClass(target->type) : nullptr;
        if (!row || link.toSlot >= target->inputs.size()) return nullptr;
        return row->widgetOf(target->inputs[link.toSlot].name);
    }

    void setValue(Node& node, const graph::ParameterValue& value) {
        static constexpr const char* kTypes[] = {"value.bool", "value.int", "value.float", "value.text",
                                                 "value.color"};
        node.type = kTypes[value.index()];
        if (const auto* declaration = m_context.registry.find(node.type))
            node.version = declaration->version();
        node.parameters["value"] = value;
    }

    /// Widgets that a subgraph shows at its instance give their values through nodes of their own.
    void addPromoted(const ForeignNode& foreign) {
        const auto values = foreign.json.find("widgets_values");
        if (values == foreign.json.end() || !values->is_array()) return;
        Node& group = m_nodes.at(m_roles.at(foreign.id).id);
        const ForeignGraph& inner = m_context.workflow.definitions.at(foreign.type);
        const std::vector<std::string> ids = socketIds(inner.inputs, "input");
        std::size_t at = 0;
        for (const ForeignSlot& slot : foreign.inputs) {
            if (slot.widget.empty()) continue;
            if (at >= values->size()) return;
            const Json value = (*values)[at++];
            const auto place = std::find_if(inner.inputs.begin(), inner.inputs.end(),
                                            [&](const ForeignSlot& s) { return s.name == slot.name; });
            if (place == inner.inputs.end() || value.is_structured() || value.is_null()) continue;
            const std::string& input = ids[static_cast<std::size_t>(place - inner.inputs.begin())];
            if (group.inputs.contains(input)) continue;
            Node node =
                makeNode("value.text", {group.look.x - 240, group.look.y + 60.0 * static_cast<double>(at)});
            setValue(node, graph::parameterFromJson(value));
            node.label = slot.name;
            node.extra = {{kComfyMember, {{"widget_of", at - 1}}}};
            group.inputs[input] = {node.id, "value"};
            m_nodes[node.id] = std::move(node);
        }
    }

    // Links
    void addLink(const ForeignLink& link) {
        if (isInner(link)) return;
        const std::vector<Target> targets = targetsOf(link);
        const graph::Link source = sourceOf(link);
        if (source.node == 0 || targets.empty()) {
            keepLink(link);
            return;
        }
        for (const Target& target : targets) {
            const graph::Link from = target.inverted ? inverted(source) : source;
            m_nodes.at(target.node).inputs[target.input] = from;
        }
    }

    /// A link that Ochre has no socket for stays with the node that it leads to.
    void keepLink(const ForeignLink& link) {
        const auto role = m_roles.find(link.to);
        if (role == m_roles.end() || !m_roles.contains(link.from)) return; // the skeleton keeps what dangles
        NodeId owner = role->second.id;
        if (owner == 0 && !role->second.owners.empty())
            owner = m_roles.at(role->second.owners.front()->id).id;
        if (owner != 0) m_nodes.at(owner).extra[kComfyMember]["links"].push_back(link.json);
    }

    std::vector<Target> targetsOf(const ForeignLink& link) {
        if (link.to == kSubgraphOutput) {
            if (m_output == 0 || link.toSlot >= m_graph.outputs.size()) return {};
            return {{m_output, socketIds(m_graph.outputs, "output")[link.toSlot]}};
        }
        const ForeignNode* node = m_graph.find(link.to);
        if (!node) return {};
        const Role& role = m_roles.at(link.to);
        if (role.kind == Role::Kind::Row) {
            if (role.id == 0) return {}; // a reroute that lives in its owners
            return rowTarget(role.id, *role.row, *node, link.toSlot);
        }
        if (role.kind == Role::Kind::Group) return groupTarget(role.id, *node, link.toSlot);
        if (role.kind == Role::Kind::Primitive) return {};
        std::vector<Target> targets;
        for (const ForeignNode* owner : role.owners)
            for (Target& t : rowTarget(m_roles.at(owner->id).id, *role.row, *node, link.toSlot))
                targets.push_back(std::move(t));
        if (role.id != 0 && link.toSlot < node->inputs.size())
            targets.push_back({role.id, socketIds(node->inputs, "input")[link.toSlot]});
        return targets;
    }

    static std::vector<Target> rowTarget(NodeId id, const Row& row, const ForeignNode& node,
                                         std::size_t slot) {
        std::string name = slot < node.inputs.size() ? node.inputs[slot].name : std::string();
        if (slot >= node.inputs.size() && slot < row.inputs.size()) name = row.inputs[slot].comfy;
        if (const SocketRule* input = row.inputOf(name)) {
            if (input->ochre.empty()) return {};
            return {{id, input->ochre, input->inverted}};
        }
        if (const WidgetRule* widget = row.widgetOf(name); widget && !widget->parameter.empty())
            return {{id, widget->parameter}};
        return {};
    }

    std::vector<Target> groupTarget(NodeId id, const ForeignNode& node, std::size_t slot) const {
        const ForeignGraph& inner = m_context.workflow.definitions.at(node.type);
        const std::vector<std::string> ids = socketIds(inner.inputs, "input");
        if (slot < node.inputs.size())
            for (std::size_t i = 0; i < inner.inputs.size(); ++i)
                if (inner.inputs[i].name == node.inputs[slot].name) return {{id, ids[i]}};
        if (slot < ids.size()) return {{id, ids[slot]}};
        return {};
    }

    graph::Link sourceOf(const ForeignLink& link) {
        if (link.from == kSubgraphInput) {
            const std::vector<std::string> ids = socketIds(m_graph.inputs, "input");
            return m_input != 0 && link.fromSlot < ids.size() ? graph::Link{m_input, ids[link.fromSlot]}
                                                              : graph::Link{};
        }
        const ForeignNode* node = m_graph.find(link.from);
        if (!node) return {};
        const Role& role = m_roles.at(link.from);
        if (role.id == 0) return {};
        if (role.kind == Role::Kind::Primitive) return {role.id, "value"};
        if (role.kind == Role::Kind::Row) {
            if (link.fromSlot >= role.row->outputs.size()) return {};
            const SocketRule& output = role.row->outputs[link.fromSlot];
            if (output.ochre.empty()) return {};
            const graph::Link source{role.id, output.ochre};
            return output.inverted ? inverted(source) : source;
        }
        const bool group = role.kind == Role::Kind::Group;
        const auto ids = socketIds(
            group ? m_context.workflow.definitions.at(node->type).outputs : node->outputs, "output");
        return link.fromSlot < ids.size() ? graph::Link{role.id, ids[link.fromSlot]} : graph::Link{};
    }

    graph::Link inverted(const graph::Link& source) {
        NodeId& id = m_inverters[source];
        if (id == 0) {
            const graph::NodeLook& at = m_nodes.at(source.node).look;
            Node node = makeNode("mask.invert", {at.x + 40, at.y + 260});
            node.inputs["mask"] = source;
            id = node.id;
            m_nodes[id] = std::move(node);
        }
        return {id, "mask"};
    }

    // The whole
    void addEnds() {
        const auto end = [&](const char* type, const char* key) {
            const auto json = m_graph.skeleton.find(key);
            Json node = Json::object();
            if (json != m_graph.skeleton.end() && json->is_object() && json->contains("bounding"))
                node["pos"] = json->at("bounding");
            Node made = makeNode(type, lookOf(node));
            const NodeId id = made.id;
            m_nodes[id] = std::move(made);
            return id;
        };
        m_input = end("group.input", "inputNode");
        m_output = end("group.output", "outputNode");
    }

    graph::Graph finish() {
        std::vector<Node> nodes;
        for (auto& [id, node] : m_nodes) nodes.push_back(std::move(node));
        graph::Graph graph;
        try {
            graph = graph::Graph::fromNodes(std::move(nodes));
        } catch (const Error& e) {
            throw broken(m_context.subject + ": " + e.message(), e.hint());
        }
        for (const auto& [id, group] : m_used) graph.setGroup(group);
        const auto groups = m_graph.skeleton.find("groups");
        if (groups != m_graph.skeleton.end() && groups->is_array()) {
            std::vector<graph::Frame> frames;
            for (const Json& group : *groups)
                if (frames.size() < kMaxSlots)
                    frames.push_back(frameOf(group.is_object() ? group : Json::object(),
                                             static_cast<std::uint32_t>(frames.size() + 1)));
            graph.setFrames(std::move(frames));
        }
        return graph;
    }

    static constexpr std::int64_t kLargestId = 1'000'000'000;

    Context& m_context;
    const ForeignGraph& m_graph;
    std::map<std::pair<std::string, std::size_t>, const ForeignLink*> m_into;
    std::map<std::string, Role> m_roles;
    std::set<const ForeignLink*> m_inner; ///< on the ways from parts to their owners
    std::map<NodeId, Node> m_nodes;
    std::map<std::string, graph::GroupDefinition> m_used;
    std::map<graph::Link, NodeId> m_inverters;
    std::set<std::string> m_names; ///< of placeholders
    NodeId m_next = 1, m_input = 0, m_output = 0;
};

graph::GroupDefinition readDefinition(Context& context, const std::string& id) {
    const ForeignGraph& foreign = context.workflow.definitions.at(id);
    const auto sockets = [](const std::vector<ForeignSlot>& slots, const std::string& fallback) {
        const std::vector<std::string> ids = socketIds(slots, fallback);
        std::vector<graph::Socket> result;
        for (std::size_t i = 0; i < slots.size(); ++i)
            result.push_back(
                {.id = ids[i], .label = ids[i], .type = socketTypeOf(slots[i].type), .optional = true});
        return result;
    };
    graph::GroupDefinition group{id, foreign.name.empty() ? id : foreign.name,
                                 sockets(foreign.inputs, "input"), sockets(foreign.outputs, "output"),
                                 nullptr};
    group.graph = std::make_shared<const graph::Graph>(GraphReader(context, foreign).read(true));
    return group;
}

/// Definitions that became groups keep only the ids of their nodes: the nodes carry the rest.
void thinDefinitions(Json& graph, const Context& context) {
    if (!graph.is_object() || !graph.contains("definitions") || !graph["definitions"].is_object()) return;
    Json& definitions = graph["definitions"];
    if (!definitions.contains("subgraphs") || !definitions["subgraphs"].is_array()) return;
    for (Json& definition : definitions["subgraphs"]) {
        const std::string id = textOf(definition, "id");
        if (context.groups.contains(id))
            definition["nodes"] = context.workflow.definitions.at(id).skeleton.at("nodes");
        thinDefinitions(definition, context);
    }
}

} // namespace

ReadComfy readComfy(const Json& json, std::string_view subject, const graph::NodeRegistry& registry,
                    const FindInput& findInput) {
    const bool api = isApiPrompt(json);
    const Workflow workflow = parseWorkflow(api ? workflowFromApi(json, subject) : json, subject);
    Context context{workflow, std::string(subject), registry, findInput};
    ReadComfy result;
    result.graph = GraphReader(context, workflow.root).read(false);
    Json skeleton = workflow.root.skeleton;
    thinDefinitions(skeleton, context);
    result.extra = {{kComfyMember, {{"format", api ? "api" : "ui"}, {"root", std::move(skeleton)}}}};
    result.warnings = std::move(context.warnings);
    if (!context.unknown.empty()) {
        std::string names;
        for (const auto& [type, count] : context.unknown) {
            if (names.size() > 400) {
                names += ", …";
                break;
            }
            names += (names.empty() ? "" : ", ") + (count > 1 ? fmt::format("{} ×{}", type, count) : type);
        }
        result.warnings.push_back("kept, but not understood: " + names);
    }
    return result;
}

} // namespace ochre::project::interop
