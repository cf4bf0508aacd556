// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeRegistry.h"

#include <algorithm>
#include <exception>
#include <map>
#include <shared_mutex>
#include <tuple>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::graph {
namespace {

struct Entry {
    explicit Entry(NodeDeclaration d, bool isBound) : declaration(std::move(d)), bound(isBound) {}
    NodeDeclaration declaration;
    bool bound;
};

// What the engine itself gives meaning to (see FlatGraph).
std::vector<NodeDeclaration> engineNodes() {
    std::vector<NodeDeclaration> nodes;
    nodes.push_back(
        NodeDeclaration("group", 1, "Group", "Flow")
            .describe(
                "A graph used as one node. All instances share its definition: editing it changes them all.")
            .keywords("subgraph macro compound")
            .groupSockets());
    nodes.push_back(NodeDeclaration("group.input", 1, "Group Input", "Flow")
                        .describe("Inside a group: what comes in through the group's inputs.")
                        .keywords("subgraph")
                        .groupSockets());
    nodes.push_back(NodeDeclaration("group.output", 1, "Group Output", "Flow")
                        .describe("Inside a group: what leaves through the group's outputs.")
                        .keywords("subgraph")
                        .groupSockets());
    return nodes;
}

} // namespace

struct NodeRegistry::State {
    mutable std::shared_mutex mutex; // guards entries
    std::map<std::string, std::unique_ptr<Entry>> entries;

    std::mutex loading; // held while the loader runs: others wait for its end
    std::function<void(NodeRegistry&)> loader;
    bool loaded = false;
    std::exception_ptr loadError;
    mutable std::mutex loadedMutex; // guards loaded alone, so that asking never waits for the loader

    Entry* find(const std::string& id) const {
        const auto it = entries.find(id);
        return it == entries.end() ? nullptr : it->second.get();
    }
};

NodeRegistry::NodeRegistry() : m_state(std::make_unique<State>()) {
    for (NodeDeclaration& d : engineNodes()) add(std::move(d));
}

NodeRegistry::~NodeRegistry() = default;

void NodeRegistry::add(NodeDeclaration declaration) {
    if (const auto problems = declaration.problems(); !problems.empty())
        throw Error(fmt::format("node {}: {}", declaration.id(), fmt::join(problems, "; ")),
                    "complete its declaration");
    std::unique_lock lock(m_state->mutex);
    const std::string id = declaration.id();
    if (m_state->find(id))
        throw Error(fmt::format("node {}: the id is taken by another declaration", id),
                    "each node needs an id of its own");
    m_state->entries.emplace(id, std::make_unique<Entry>(std::move(declaration), true));
}

void NodeRegistry::addCatalogue(const Json& declarations) {
    if (!declarations.is_array()) throw broken("node catalogue: it is not a list", "build Ochre again");
    for (const Json& json : declarations) {
        NodeDeclaration declaration = NodeDeclaration::fromJson(json);
        std::unique_lock lock(m_state->mutex);
        const std::string id = declaration.id();
        if (m_state->find(id))
            throw Error(fmt::format("node {}: the catalogue names it twice", id), "build Ochre again");
        m_state->entries.emplace(id, std::make_unique<Entry>(std::move(declaration), false));
    }
}

void NodeRegistry::bind(NodeDeclaration declaration) {
    {
        std::unique_lock lock(m_state->mutex);
        if (Entry* entry = m_state->find(declaration.id())) {
            if (entry->bound) return; // others may be reading its functions
            if (entry->declaration.version() != declaration.version())
                throw Error(fmt::format("node {}: the catalogue has version {}, the library {}",
                                        declaration.id(), entry->declaration.version(),
                                        declaration.version()),
                            "build Ochre again");
            entry->declaration.onRun(declaration.runFunction());
            entry->declaration.onNeeds(declaration.needsFunction());
            entry->declaration.onFingerprint(declaration.fingerprintFunction());
            entry->bound = true;
            return;
        }
    }
    add(std::move(declaration));
}

void NodeRegistry::setRuntimeLoader(std::function<void(NodeRegistry&)> loader) {
    std::lock_guard lock(m_state->loading);
    m_state->loader = std::move(loader);
    m_state->loadError = nullptr;
    std::lock_guard flag(m_state->loadedMutex);
    m_state->loaded = false;
}

void NodeRegistry::loadRuntime() {
    std::lock_guard lock(m_state->loading);
    if (runtimeLoaded()) return;
    if (m_state->loadError) std::rethrow_exception(m_state->loadError);
    try {
        if (m_state->loader) m_state->loader(*this);
    } catch (...) {
        m_state->loadError = std::current_exception();
        throw;
    }
    std::lock_guard flag(m_state->loadedMutex);
    m_state->loaded = true;
}

bool NodeRegistry::runtimeLoaded() const {
    std::lock_guard flag(m_state->loadedMutex);
    return m_state->loaded;
}

const NodeDeclaration* NodeRegistry::find(const std::string& id) const {
    std::shared_lock lock(m_state->mutex);
    const Entry* entry = m_state->find(id);
    return entry ? &entry->declaration : nullptr;
}

const NodeDeclaration& NodeRegistry::runnable(const std::string& id) {
    const auto look = [&]() -> const Entry* {
        std::shared_lock lock(m_state->mutex);
        const Entry* entry = m_state->find(id);
        if (!entry)
            throw Error(fmt::format("unknown node \"{}\"", id),
                        "this file was made with nodes that this Ochre does not have");
        return entry->bound ? entry : nullptr;
    };
    if (const Entry* entry = look()) return entry->declaration;
    loadRuntime();
    if (const Entry* entry = look()) return entry->declaration;
    throw Error(fmt::format("node \"{}\": the model library does not have it", id), "build Ochre again");
}

std::vector<const NodeDeclaration*> NodeRegistry::all() const {
    std::vector<const NodeDeclaration*> list;
    {
        std::shared_lock lock(m_state->mutex);
        for (const auto& [id, entry] : m_state->entries) list.push_back(&entry->declaration);
    }
    std::sort(list.begin(), list.end(), [](const NodeDeclaration* a, const NodeDeclaration* b) {
        return std::tie(a->category(), a->label(), a->id()) < std::tie(b->category(), b->label(), b->id());
    });
    return list;
}

} // namespace ochre::graph
