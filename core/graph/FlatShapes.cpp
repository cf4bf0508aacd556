// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/FlatShapes.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::graph {
namespace {

constexpr int kMaxDepth = 64;

/// A graph in its place: the document's own, or that of one instance of a group.
struct Scope {
    Scope* parent = nullptr;
    NodeId groupNode = 0; ///< in the parent
    std::shared_ptr<const GroupDefinition> definition;
    Graph graph;
    std::unordered_map<NodeId, FlatId> ids;
    std::set<NodeId> groupNodes; ///< whose sockets come from a definition
    std::map<NodeId, std::unique_ptr<Scope>> children;
    NodeId shownAs = 0;
    std::string prefix;
    int depth = 0;

    const GroupDefinition* findGroup(const std::string& id) const {
        for (const Scope* s = this; s; s = s->parent)
            if (const GroupDefinition* found = s->graph.findGroup(id)) return found;
        return nullptr;
    }
    bool isInside(const std::string& groupId) const {
        for (const Scope* s = this; s; s = s->parent)
            if (s->definition && s->definition->id == groupId) return true;
        return false;
    }
};

bool sameSockets(const std::vector<Socket>& a, const std::vector<Socket>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Socket& x, const Socket& y) {
        return x.id == y.id && x.type == y.type && x.list == y.list && x.optional == y.optional;
    });
}

const std::vector<Socket> kNoSockets;

} // namespace

struct FlatShapes::State {
    State(NodeRegistry& r, std::shared_ptr<const GroupDefinition> l) : registry(r), loop(std::move(l)) {
        root.definition = loop;
    }

    NodeRegistry& registry;
    std::shared_ptr<const GroupDefinition> loop;
    Scope root;
    std::vector<std::shared_ptr<const FlatShape>> shapes;
    std::vector<std::vector<FlatId>> consumers;
    std::vector<FlatId> unused;
    std::set<FlatId> watching, bound, sinks;
    std::shared_ptr<const std::vector<FlatId>> sinkList = std::make_shared<std::vector<FlatId>>();
    SharedMap<FlatId> rootIds;
    std::set<FlatId>* dirty = nullptr;
    std::set<FlatId>* removed = nullptr;
    std::string lastType; // consecutive nodes are often of one kind
    const NodeDeclaration* lastDeclaration = nullptr;

    const NodeDeclaration* declarationOf(const std::string& type) {
        if (type != lastType || !lastDeclaration) {
            lastDeclaration = registry.find(type);
            lastType = type;
        }
        return lastDeclaration;
    }

    FlatId allocate() {
        if (!unused.empty()) {
            const FlatId id = unused.back();
            unused.pop_back();
            return id;
        }
        shapes.emplace_back();
        consumers.emplace_back();
        return static_cast<FlatId>(shapes.size() - 1);
    }

    void updateScope(Scope& scope, const Graph& graph, bool groupsChanged,
                     const SharedMap<FlatId>::Batch& batch) {
        std::vector<NodeId> changed = Graph::difference(scope.graph, graph);
        groupsChanged = groupsChanged || !scope.graph.sharesGroupsWith(graph);
        scope.graph = graph;
        if (groupsChanged) changed.insert(changed.end(), scope.groupNodes.begin(), scope.groupNodes.end());
        for (const NodeId id : changed) {
            const auto known = scope.ids.find(id);
            if (!graph.find(id)) {
                if (known != scope.ids.end()) removeNode(scope, id, batch);
            } else if (known == scope.ids.end()) {
                const FlatId flat = allocate();
                scope.ids.emplace(id, flat);
                if (&scope == &root) rootIds.set(id, flat, batch);
            }
        }
        for (const NodeId id : changed)
            if (graph.find(id)) shapeNode(scope, id, groupsChanged, batch);
    }

    void removeNode(Scope& scope, NodeId id, const SharedMap<FlatId>::Batch& batch) {
        dropChild(scope, id, batch);
        const FlatId flat = scope.ids.at(id);
        setShape(flat, nullptr);
        removed->insert(flat);
        scope.ids.erase(id);
        scope.groupNodes.erase(id);
        if (&scope == &root) rootIds.erase(id, &batch);
    }

    void dropChild(Scope& scope, NodeId id, const SharedMap<FlatId>::Batch& batch) {
        const auto it = scope.children.find(id);
        if (it == scope.children.end()) return;
        Scope& child = *it->second;
        std::vector<NodeId> all;
        for (const auto& [node, flat] : child.ids) all.push_back(node);
        for (const NodeId node : all) removeNode(child, node, batch);
        scope.children.erase(it);
    }

    // Keeps the lists of consumers and the special sets in step.
    void setShape(FlatId id, std::shared_ptr<const FlatShape> shape) {
        if (const auto& before = shapes[id]) {
            for (const FlatShape::RawLink& link : before->links) {
                auto& list = consumers[link.from.node];
                if (const auto it = std::find(list.rbegin(), list.rend(), id); it != list.rend())
                    list.erase(std::next(it).base());
            }
            watching.erase(id);
            bound.erase(id);
            if (sinks.erase(id)) sinkList = nullptr;
        }
        shapes[id] = std::move(shape);
        if (!shapes[id]) return;
        const FlatShape& now = *shapes[id];
        for (const FlatShape::RawLink& link : now.links) consumers[link.from.node].push_back(id);
        if (now.watches) watching.insert(id);
        if (now.kind == FlatShape::Kind::Bound) bound.insert(id);
        if (now.kind == FlatShape::Kind::Runs && now.declaration->isSink()) {
            sinks.insert(id);
            sinkList = nullptr;
        }
        dirty->insert(id);
    }

    void shapeNode(Scope& scope, NodeId id, bool groupsChanged, const SharedMap<FlatId>::Batch& batch) {
        auto shape = std::make_shared<FlatShape>();
        shape->node = scope.graph.share(id);
        const Node& node = *shape->node;
        shape->declaration = declarationOf(node.type);
        shape->shownAs = scope.depth > 0 ? scope.shownAs : id;
        shape->inGroup = scope.depth > 0;
        shape->prefix = scope.prefix;
        shape->inputs = shape->outputs = &kNoSockets;
        const bool fromGroup = shape->declaration && shape->declaration->hasGroupSockets();
        if (fromGroup)
            scope.groupNodes.insert(id);
        else
            scope.groupNodes.erase(id);
        if (node.muted)
            shape->kind = FlatShape::Kind::Absent;
        else if (!shape->declaration)
            shape->kind = FlatShape::Kind::Unknown;
        else if (node.type == "group.input")
            shapeGroupInput(scope, *shape);
        else if (fromGroup && node.type != "group.output")
            shapeGroup(scope, *shape, groupsChanged, batch);
        else
            shapePlain(scope, *shape);
        if (node.type != "group" || node.muted || node.bypassed) dropChild(scope, id, batch);
        setShape(scope.ids.at(id), std::move(shape));
    }

    void addLinks(Scope& scope, FlatShape& shape) {
        for (const auto& [input, link] : shape.node->inputs)
            shape.links.push_back({input, {scope.ids.at(link.node), link.output}});
    }

    void shapePlain(Scope& scope, FlatShape& shape) {
        addLinks(scope, shape);
        if (shape.node->type == "group.output") {
            shape.kind = FlatShape::Kind::HandsThrough;
            shape.group = scope.definition;
            for (const auto& [input, link] : shape.node->inputs) shape.handsOn.emplace_back(input, input);
            return;
        }
        shape.inputs = &shape.declaration->inputs();
        shape.outputs = &shape.declaration->outputs();
        finishRunning(shape);
    }

    void finishRunning(FlatShape& shape) {
        const Node& node = *shape.node;
        if (node.bypassed || shape.declaration->isPassThrough()) {
            shape.kind = FlatShape::Kind::HandsThrough;
            for (const Socket& output : *shape.outputs)
                if (const std::string input = bypassInput(node, *shape.inputs, output); !input.empty())
                    shape.handsOn.emplace_back(output.id, input);
            return;
        }
        for (const Parameter& p : shape.declaration->parameters()) {
            const auto set = node.parameters.find(p.id);
            shape.parameters.push_back(p.defaultValue);
            if (set != node.parameters.end() && !node.inputs.count(p.id)) {
                try {
                    shape.parameters.back() = p.check(set->second);
                } catch (const Error& e) {
                    shape.parameterError = e;
                    shape.parameters.back() = set->second;
                }
            }
            shape.watches = shape.watches || p.kind == ParameterKind::File ||
                            p.kind == ParameterKind::Folder || p.kind == ParameterKind::Model;
        }
        shape.watches = shape.watches || shape.declaration->hasFingerprint();
    }

    void shapeGroupInput(Scope& scope, FlatShape& shape) {
        shape.kind = FlatShape::Kind::HandsThrough;
        shape.group = scope.definition;
        if (!scope.definition) return; // stands outside of any group: gives nothing
        shape.outputs = &shape.group->inputs;
        if (!scope.parent) {
            shape.kind = FlatShape::Kind::Bound;
            return;
        }
        const Node& instance = scope.parent->graph.at(scope.groupNode);
        for (const auto& [input, link] : instance.inputs) {
            shape.links.push_back({input, {scope.parent->ids.at(link.node), link.output}});
            shape.handsOn.emplace_back(input, input);
        }
    }

    void shapeGroup(Scope& scope, FlatShape& shape, bool groupsChanged,
                    const SharedMap<FlatId>::Batch& batch) {
        const Node& node = *shape.node;
        const GroupDefinition* definition = scope.findGroup(node.group);
        const bool circular = scope.isInside(node.group) || scope.depth >= kMaxDepth;
        if (!definition || circular) {
            dropChild(scope, node.id, batch);
            shape.kind = FlatShape::Kind::Unknown;
            shape.parameterError = circular
                                       ? Error(fmt::format("the group \"{}\" contains itself", node.group),
                                               "take it out of itself")
                                       : Error(fmt::format("the group \"{}\" is not there", node.group),
                                               "choose another group, or delete the node");
            return;
        }
        shape.group = std::make_shared<const GroupDefinition>(*definition);
        shape.inputs = &shape.group->inputs;
        shape.outputs = &shape.group->outputs;
        if (node.bypassed || node.type != "group") {
            addLinks(scope, shape);
            finishRunning(shape);
            if (!node.bypassed) shapeLoop(scope, shape);
            return;
        }
        shape.kind = FlatShape::Kind::HandsThrough;
        Scope& child = childOf(scope, node, shape.group);
        updateScope(child, *definition->graph, groupsChanged, batch);
        std::vector<NodeId> ends;
        for (const NodeId id : child.groupNodes) {
            const Node& inner = child.graph.at(id);
            if (inner.muted) continue;
            if (inner.type == "group.input") shapeNode(child, id, false, batch);
            if (inner.type == "group.output") ends.push_back(id);
        }
        for (const Socket& output : shape.group->outputs) {
            for (const NodeId id : ends) {
                if (!child.graph.at(id).inputs.count(output.id)) continue;
                shape.links.push_back({output.id, {child.ids.at(id), output.id}});
                shape.handsOn.emplace_back(output.id, output.id);
                break;
            }
        }
    }

    Scope& childOf(Scope& scope, const Node& node, const std::shared_ptr<const GroupDefinition>& definition) {
        std::unique_ptr<Scope>& child = scope.children[node.id];
        if (!child) child = std::make_unique<Scope>();
        const bool reshape =
            child->definition && (!sameSockets(child->definition->inputs, definition->inputs) ||
                                  !sameSockets(child->definition->outputs, definition->outputs) ||
                                  child->definition->id != definition->id);
        if (reshape) { // rare: build the instance anew
            const SharedMap<FlatId>::Batch batch;
            dropChild(scope, node.id, batch);
            return childOf(scope, node, definition);
        }
        child->parent = &scope;
        child->groupNode = node.id;
        child->definition = definition;
        child->shownAs = scope.depth > 0 ? scope.shownAs : node.id;
        child->depth = scope.depth + 1;
        child->prefix = scope.prefix + displayName(node, registry) + " › ";
        return *child;
    }

    // The keys of the definition's outputs, with the ids of its inputs standing for their values, say what a
    // repeat computes.
    void shapeLoop(Scope& scope, FlatShape& shape) {
        // Definitions of enclosing graphs must be found from within.
        Graph body = *shape.group->graph;
        for (const Scope* s = &scope; s; s = s->parent)
            for (const GroupDefinition* g : s->graph.groups())
                if (!body.findGroup(g->id) && g->id != shape.group->id) body.setGroup(*g);
        auto definition = std::make_shared<GroupDefinition>(*shape.group);
        definition->graph = std::make_shared<const Graph>(body);
        shape.group = definition;
        shape.inputs = &shape.group->inputs;
        shape.outputs = &shape.group->outputs;
        shape.loop = std::make_shared<FlatGraph>(registry, shape.group);
        std::map<std::string, Hash128> keys;
        for (const Socket& s : shape.group->inputs) keys[s.id] = hashText(s.id);
        shape.loop->update(body, false);
        shape.loop->bind(keys);
        shape.watches = true; // files inside
    }
};

FlatShapes::FlatShapes(NodeRegistry& registry, std::shared_ptr<const GroupDefinition> loop)
    : m_state(std::make_unique<State>(registry, std::move(loop))) {}
FlatShapes::~FlatShapes() = default;

void FlatShapes::update(const Graph& graph, std::set<FlatId>& dirty, std::set<FlatId>& removed) {
    m_state->dirty = &dirty;
    m_state->removed = &removed;
    const SharedMap<FlatId>::Batch batch;
    m_state->updateScope(m_state->root, graph, false, batch);
    // Numbers freed above are given out again only from the next update on: old links may still name them.
    m_state->unused.insert(m_state->unused.end(), removed.begin(), removed.end());
    for (const FlatId id : removed) m_state->consumers[id].clear();
}

std::size_t FlatShapes::capacity() const {
    return m_state->shapes.size();
}
std::shared_ptr<const FlatShape> FlatShapes::share(FlatId id) const {
    return m_state->shapes[id];
}
const std::vector<FlatId>& FlatShapes::consumers(FlatId id) const {
    return m_state->consumers[id];
}
const std::set<FlatId>& FlatShapes::watching() const {
    return m_state->watching;
}
const std::set<FlatId>& FlatShapes::bound() const {
    return m_state->bound;
}
std::shared_ptr<const std::vector<FlatId>> FlatShapes::sinks() const {
    if (!m_state->sinkList)
        m_state->sinkList =
            std::make_shared<std::vector<FlatId>>(m_state->sinks.begin(), m_state->sinks.end());
    return m_state->sinkList;
}
const SharedMap<FlatId>& FlatShapes::rootIds() const {
    return m_state->rootIds;
}
const Graph& FlatShapes::graph() const {
    return m_state->root.graph;
}

} // namespace ochre::graph
