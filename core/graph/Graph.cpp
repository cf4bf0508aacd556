// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Graph.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {

std::uint32_t nameSlot(const std::string& name) {
    return static_cast<std::uint32_t>(hashText(name).low & 0x7fff);
}

std::uint64_t nextLineage() {
    static std::atomic<std::uint64_t> next{1};
    return next++;
}

Error unknownNode(NodeId id) {
    return Error(fmt::format("node #{}: there is no such node", id), "it may have been deleted");
}

// "image.blur" gives "blur"; what --set cannot take is replaced.
std::string baseName(const Node& node) {
    std::string base = node.name.empty() ? node.type.substr(node.type.rfind('.') + 1) : node.name;
    for (char& c : base)
        if (c == '.' || c == '=' || c == ' ' || c == '#') c = '_';
    return base.empty() ? "node" : base;
}

} // namespace

Graph::Graph() : m_lineage(nextLineage()) {}

NodeId Graph::add(Node node) {
    if (node.id == 0) node.id = m_nextId;
    if (node.id > kMaxNodeId) throw Error(fmt::format("node #{}: the id is too large", node.id));
    if (m_nodes.find(node.id)) throw Error(fmt::format("node #{}: the id is taken", node.id));
    for (const auto& [input, link] : node.inputs)
        if (link.node == node.id || !m_nodes.find(link.node)) throw unknownNode(link.node);
    node.name = uniqueName(node);
    const NodeId id = node.id;
    m_nextId = std::max(m_nextId, id + 1);
    setName(node.name, id);
    relink({}, node.inputs, id);
    store(std::move(node));
    return id;
}

void Graph::store(Node node) {
    const NodeId id = node.id;
    m_nodes.set(id, std::move(node));
}

void Graph::remove(NodeId id) {
    const Node node = at(id);
    for (const NodeId consumer : consumers(id)) {
        Node changed = at(consumer);
        std::erase_if(changed.inputs, [&](const auto& entry) { return entry.second.node == id; });
        store(std::move(changed));
    }
    relink(node.inputs, {}, id);
    m_consumers.erase(id);
    dropName(node.name, id);
    m_nodes.erase(id);
}

void Graph::removeKeepingFlow(NodeId id, const NodeRegistry& registry) {
    const Node node = at(id);
    const std::vector<Socket> inputs = inputsOf(node, *this, registry);
    std::map<std::string, Link> replacement;
    for (const Socket& output : outputsOf(node, *this, registry))
        if (const std::string input = bypassInput(node, inputs, output); !input.empty())
            replacement[output.id] = node.inputs.at(input);
    for (const NodeId consumer : consumers(id)) {
        Node changed = at(consumer);
        for (auto& [input, link] : changed.inputs) {
            if (link.node != id) continue;
            if (const auto it = replacement.find(link.output); it != replacement.end()) link = it->second;
        }
        replace(std::move(changed));
    }
    remove(id);
}

void Graph::replace(Node node) {
    const std::shared_ptr<const Node> before = m_nodes.share(node.id);
    if (!before) throw unknownNode(node.id);
    for (const auto& [input, link] : node.inputs) {
        const auto it = before->inputs.find(input);
        if (it != before->inputs.end() && it->second.node == link.node) continue;
        if (!m_nodes.find(link.node)) throw unknownNode(link.node);
        checkNoCycle(link.node, node.id);
    }
    if (node.name != before->name) {
        node.name = uniqueName(node);
        dropName(before->name, node.id);
        setName(node.name, node.id);
    }
    if (node.inputs != before->inputs) relink(before->inputs, node.inputs, node.id);
    store(std::move(node));
}

void Graph::setParameter(NodeId id, const std::string& parameter, ParameterValue value) {
    Node node = at(id);
    node.parameters[parameter] = std::move(value);
    store(std::move(node));
}

void Graph::resetParameter(NodeId id, const std::string& parameter) {
    Node node = at(id);
    if (node.parameters.erase(parameter)) store(std::move(node));
}

void Graph::setLook(NodeId id, NodeLook look) {
    Node node = at(id);
    node.look = std::move(look);
    store(std::move(node));
}

void Graph::connect(Link from, NodeId to, const std::string& input) {
    Node node = at(to);
    if (!m_nodes.find(from.node)) throw unknownNode(from.node);
    checkNoCycle(from.node, to);
    const auto before = node.inputs;
    node.inputs[input] = std::move(from);
    relink(before, node.inputs, to);
    store(std::move(node));
}

void Graph::disconnect(NodeId to, const std::string& input) {
    Node node = at(to);
    const auto before = node.inputs;
    if (!node.inputs.erase(input)) return;
    relink(before, node.inputs, to);
    store(std::move(node));
}

void Graph::setFrames(std::vector<Frame> frames) {
    m_frames = std::make_shared<const std::vector<Frame>>(std::move(frames));
}

void Graph::setGroup(GroupDefinition definition) {
    if (definition.id.empty()) throw Error("group: it has no id");
    if (!definition.graph) definition.graph = std::make_shared<const Graph>();
    auto groups = m_groups ? *m_groups : std::map<std::string, GroupDefinition>();
    groups[definition.id] = std::move(definition);
    m_groups = std::make_shared<const std::map<std::string, GroupDefinition>>(std::move(groups));
}

void Graph::removeGroup(const std::string& id) {
    if (!findGroup(id)) return;
    auto groups = *m_groups;
    groups.erase(id);
    m_groups = std::make_shared<const std::map<std::string, GroupDefinition>>(std::move(groups));
}

void Graph::reserveIds(NodeId next) {
    m_nextId = std::clamp(next, m_nextId, kMaxNodeId);
}

const Node* Graph::find(NodeId id) const {
    return m_nodes.find(id);
}

const Node& Graph::at(NodeId id) const {
    if (const Node* node = find(id)) return *node;
    throw unknownNode(id);
}

const Node* Graph::findByName(const std::string& name) const {
    if (const Named* named = m_names.find(nameSlot(name)))
        for (const auto& [text, id] : named->entries)
            if (text == name) return find(id);
    return nullptr;
}

std::size_t Graph::size() const {
    return m_nodes.size();
}

void Graph::forEach(const std::function<void(const Node&)>& visit) const {
    m_nodes.forEach([&](std::uint32_t, const Node& node) { visit(node); });
}

std::vector<NodeId> Graph::consumers(NodeId id) const {
    const Consumers* found = m_consumers.find(id);
    if (!found) return {};
    std::vector<NodeId> ids = found->ids;
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

const std::vector<Frame>& Graph::frames() const {
    static const std::vector<Frame> none;
    return m_frames ? *m_frames : none;
}

const GroupDefinition* Graph::findGroup(const std::string& id) const {
    if (!m_groups) return nullptr;
    const auto it = m_groups->find(id);
    return it == m_groups->end() ? nullptr : &it->second;
}

std::vector<const GroupDefinition*> Graph::groups() const {
    std::vector<const GroupDefinition*> list;
    if (m_groups)
        for (const auto& [id, definition] : *m_groups) list.push_back(&definition);
    return list;
}

// Walks up from `node` and down from `ancestor` by turns, so the cost is that of the smaller side.
bool Graph::dependsOn(NodeId node, NodeId ancestor) const {
    if (node == ancestor) return true;
    std::unordered_set<NodeId> seenUp{node}, seenDown{ancestor};
    std::vector<NodeId> up{node}, down{ancestor};
    while (!up.empty() && !down.empty()) {
        const Node* upper = find(up.back());
        up.pop_back();
        if (upper) {
            for (const auto& [input, link] : upper->inputs) {
                if (link.node == ancestor) return true;
                if (seenUp.insert(link.node).second) up.push_back(link.node);
            }
        }
        const NodeId lower = down.back();
        down.pop_back();
        if (const Consumers* next = m_consumers.find(lower)) {
            for (const NodeId id : next->ids) {
                if (id == node) return true;
                if (seenDown.insert(id).second) down.push_back(id);
            }
        }
    }
    return false;
}

std::vector<NodeId> Graph::difference(const Graph& a, const Graph& b) {
    std::vector<NodeId> ids;
    SharedMap<Node>::difference(a.m_nodes, b.m_nodes, [&](std::uint32_t id) { ids.push_back(id); });
    return ids;
}

bool Graph::sameAs(const Graph& other) const {
    return m_nodes.sameAs(other.m_nodes) && m_frames == other.m_frames && m_groups == other.m_groups;
}

std::string Graph::uniqueName(const Node& node) const {
    const std::string base = baseName(node);
    const auto free = [&](const std::string& name) {
        const Node* holder = findByName(name);
        return !holder || holder->id == node.id;
    };
    if (free(base)) return base;
    const auto numbered = [&](std::uint64_t i) { return fmt::format("{}_{}", base, i); };
    // Doubling, then halving: many nodes of one kind cost log n look-ups each, not n.
    std::uint64_t low = 1, high = 2;
    while (!free(numbered(high))) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        const std::uint64_t middle = low + (high - low) / 2;
        (free(numbered(middle)) ? high : low) = middle;
    }
    return numbered(high);
}

void Graph::setName(const std::string& name, NodeId id) {
    const std::uint32_t slot = nameSlot(name);
    Named named = m_names.find(slot) ? *m_names.find(slot) : Named{};
    named.entries.emplace_back(name, id);
    m_names.set(slot, std::move(named));
}

void Graph::dropName(const std::string& name, NodeId id) {
    const std::uint32_t slot = nameSlot(name);
    const Named* found = m_names.find(slot);
    if (!found) return;
    Named named = *found;
    std::erase(named.entries, std::pair(name, id));
    if (named.entries.empty())
        m_names.erase(slot);
    else
        m_names.set(slot, std::move(named));
}

void Graph::addConsumer(NodeId source, NodeId consumer) {
    Consumers list = m_consumers.find(source) ? *m_consumers.find(source) : Consumers{};
    list.ids.insert(std::upper_bound(list.ids.begin(), list.ids.end(), consumer), consumer);
    m_consumers.set(source, std::move(list));
}

void Graph::dropConsumer(NodeId source, NodeId consumer) {
    const Consumers* found = m_consumers.find(source);
    if (!found) return;
    Consumers list = *found;
    const auto it = std::lower_bound(list.ids.begin(), list.ids.end(), consumer);
    if (it != list.ids.end() && *it == consumer) list.ids.erase(it);
    if (list.ids.empty())
        m_consumers.erase(source);
    else
        m_consumers.set(source, std::move(list));
}

void Graph::relink(const std::map<std::string, Link>& before, const std::map<std::string, Link>& after,
                   NodeId id) {
    for (const auto& [input, link] : before) dropConsumer(link.node, id);
    for (const auto& [input, link] : after) addConsumer(link.node, id);
}

void Graph::checkNoCycle(NodeId from, NodeId to) const {
    if (dependsOn(from, to))
        throw Error(fmt::format("this link would close a circle: {}", cycleText(from, to)),
                    "a node cannot depend on its own result; use a repeat for loops");
}

// The way from `to` down to `from`, found breadth first, as names.
std::string Graph::cycleText(NodeId from, NodeId to) const {
    std::unordered_map<NodeId, NodeId> cameFrom{{to, 0}};
    for (std::deque<NodeId> queue{to}; !queue.empty() && !cameFrom.count(from); queue.pop_front())
        for (const NodeId next : consumers(queue.front()))
            if (cameFrom.emplace(next, queue.front()).second) queue.push_back(next);
    std::vector<NodeId> way;
    for (NodeId id = from; id != 0; id = cameFrom.count(id) ? cameFrom.at(id) : 0) way.push_back(id);
    std::reverse(way.begin(), way.end());
    std::string text;
    for (std::size_t i = 0; i < way.size(); ++i) {
        if (i >= 6 && i + 2 < way.size()) continue; // a long circle is told by its ends
        text += at(way[i]).name + (i == 5 && way.size() > 8 ? " → … → " : " → ");
    }
    return text + at(to).name;
}

} // namespace ochre::graph
