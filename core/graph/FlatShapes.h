// SPDX-License-Identifier: GPL-3.0-or-later
// The two halves of FlatGraph: which flat nodes there are and how they are joined, and their entries with
// keys. Private to core/graph.
#pragma once

#include "core/graph/FlatGraph.h"

namespace ochre::graph {

class FlatShapes {
public:
    FlatShapes(NodeRegistry& registry, std::shared_ptr<const GroupDefinition> loop);
    ~FlatShapes();

    /// `dirty`: whose entries must be computed anew; `removed`: whose are gone.
    void update(const Graph& graph, std::set<FlatId>& dirty, std::set<FlatId>& removed);

    std::size_t capacity() const;
    std::shared_ptr<const FlatShape> share(FlatId id) const;
    const std::vector<FlatId>& consumers(FlatId id) const; ///< one entry a link
    const std::set<FlatId>& watching() const;
    const std::set<FlatId>& bound() const;
    std::shared_ptr<const std::vector<FlatId>> sinks() const;
    const SharedMap<FlatId>& rootIds() const;
    const Graph& graph() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

class FlatKeys {
public:
    explicit FlatKeys(NodeRegistry& registry) : m_registry(registry) {}

    /// From the shape and the entries of what it is linked to. False when nothing that others read has
    /// changed.
    bool compute(FlatId id, std::shared_ptr<const FlatShape> shape, const SharedMap<FlatEntry>::Batch& batch);
    void erase(FlatId id) { m_entries.erase(id); }
    /// Looks at files and fingerprints again.
    bool localChanged(FlatId id) const;
    void bind(std::map<std::string, Hash128> keys) { m_boundKeys = std::move(keys); }
    const SharedMap<FlatEntry>& all() const { return m_entries; }

private:
    Hash128 localKey(const FlatShape& shape) const;
    Source lookThrough(const Source& from) const;
    void collect(FlatEntry& entry) const;
    void addInput(FlatEntry& entry, const Socket* socket, const Parameter* parameter) const;
    void checkInput(FlatEntry& entry, const FlatInput& input, const Socket* output) const;
    void findLists(FlatEntry& entry) const;
    std::optional<std::set<std::string>> needed(const FlatEntry& entry) const;

    NodeRegistry& m_registry;
    SharedMap<FlatEntry> m_entries;
    std::map<std::string, Hash128> m_boundKeys;
};

} // namespace ochre::graph
