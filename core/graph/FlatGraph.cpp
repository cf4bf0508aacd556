// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/FlatGraph.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/FlatShapes.h"

namespace ochre::graph {

struct FlatGraph::State {
    State(NodeRegistry& r, std::shared_ptr<const GroupDefinition> loop)
        : shapes(r, std::move(loop)), entries(r) {}

    FlatShapes shapes;
    FlatKeys entries;

    // Nodes that hand everything on need no order of their own; the cone of what changed is ordered by Kahn's
    // way.
    void rekey(const std::set<FlatId>& dirty) {
        m_mark.resize(shapes.capacity(), 0);
        m_waiting.resize(shapes.capacity(), 0);
        m_changed.resize(shapes.capacity(), 0);
        std::vector<FlatId> cone(dirty.begin(), dirty.end());
        for (const FlatId id : cone) m_mark[id] = 1;
        for (std::size_t i = 0; i < cone.size(); ++i) {
            for (const FlatId next : shapes.consumers(cone[i])) {
                ++m_waiting[next];
                if (!m_mark[next]) {
                    m_mark[next] = 1;
                    cone.push_back(next);
                }
            }
        }
        std::vector<FlatId> ready;
        for (const FlatId id : cone)
            if (m_waiting[id] == 0) ready.push_back(id);
        const SharedMap<FlatEntry>::Batch batch;
        for (std::size_t i = 0; i < ready.size(); ++i) {
            const FlatId id = ready[i];
            const bool changed =
                (dirty.count(id) || m_changed[id]) && entries.compute(id, shapes.share(id), batch);
            for (const FlatId next : shapes.consumers(id)) {
                m_changed[next] |= changed ? 1 : 0;
                if (--m_waiting[next] == 0) ready.push_back(next);
            }
        }
        for (const FlatId id : cone) m_mark[id] = m_waiting[id] = m_changed[id] = 0;
    }

private:
    std::vector<std::uint32_t> m_mark, m_waiting, m_changed; // between calls all 0
};

FlatGraph::FlatGraph(NodeRegistry& registry, std::shared_ptr<const GroupDefinition> loop)
    : m_state(std::make_unique<State>(registry, std::move(loop))) {}

FlatGraph::~FlatGraph() = default;

void FlatGraph::update(const Graph& graph, bool refreshFiles) {
    std::set<FlatId> dirty, removed;
    m_state->shapes.update(graph, dirty, removed);
    for (const FlatId id : removed) {
        dirty.erase(id);
        m_state->entries.erase(id);
    }
    if (refreshFiles)
        for (const FlatId id : m_state->shapes.watching())
            if (!dirty.count(id) && m_state->entries.localChanged(id)) dirty.insert(id);
    if (!dirty.empty()) m_state->rekey(dirty);
}

void FlatGraph::bind(const std::map<std::string, Hash128>& keys) {
    m_state->entries.bind(keys);
    const std::set<FlatId> dirty(m_state->shapes.bound().begin(), m_state->shapes.bound().end());
    if (!dirty.empty()) m_state->rekey(dirty);
}

FlatSnapshot FlatGraph::snapshot() const {
    return {m_state->entries.all(), m_state->shapes.rootIds(), m_state->shapes.sinks()};
}

const Graph& FlatGraph::graph() const {
    return m_state->shapes.graph();
}

const FlatEntry* FlatSnapshot::find(NodeId node) const {
    const FlatId* id = ids.find(node);
    return id ? entries.find(*id) : nullptr;
}

Source FlatSnapshot::resolve(FlatId id, const std::string& output) const {
    const FlatEntry& entry = at(id);
    if (entry.runs() || entry.shape->kind == FlatShape::Kind::Bound) return {id, output};
    const Source* source = entry.handedOn(output);
    return source ? *source : Source{};
}

const FlatShape::RawLink* FlatShape::findLink(const std::string& input) const {
    for (const RawLink& link : links)
        if (link.input == input) return &link;
    return nullptr;
}

std::string FlatShape::title() const {
    if (!node->label.empty()) return prefix + node->label;
    return fmt::format("{}{} ({})", prefix, declaration ? declaration->label() : node->type, node->name);
}

const Source* FlatEntry::handedOn(const std::string& output) const {
    for (const auto& [id, source] : handsOn)
        if (id == output) return &source;
    return nullptr;
}

const ParameterValue& FlatParameters::value(const std::string& id) const {
    if (const auto it = m_driven.find(id); it != m_driven.end()) return it->second;
    const std::vector<Parameter>& declared = m_shape.declaration->parameters();
    for (std::size_t i = 0; i < declared.size(); ++i)
        if (declared[i].id == id) return m_shape.parameters[i];
    throw Error(fmt::format("there is no parameter \"{}\"", id), "this is a fault in the node");
}

Hash128 outputKey(const Hash128& node, const std::string& output) {
    std::string buffer(reinterpret_cast<const char*>(&node), sizeof node);
    buffer += output;
    return hashBytes(buffer.data(), buffer.size());
}

Hash128 itemKey(const FlatEntry& source, const std::string& output, const Hash128& item) {
    Hasher hasher;
    hasher.add(std::string_view("item"))
        .add(source.shape->declaration->id())
        .add(source.shape->declaration->version());
    return hasher.add(output).add(item).finish();
}

} // namespace ochre::graph
