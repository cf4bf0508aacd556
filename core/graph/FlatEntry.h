// SPDX-License-Identifier: GPL-3.0-or-later
// What the engine knows of each node of the unfolded graph: its shape, links and key. Private to core/graph;
// see FlatGraph.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/Hash.h"
#include "core/graph/Graph.h"
#include "core/graph/RunContext.h"
#include "core/graph/SharedMap.h"

namespace ochre::graph {

using FlatId = std::uint32_t;
constexpr FlatId kNoNode = 0xffffffff;

/// An output of a node that runs.
struct Source {
    FlatId node = kNoNode;
    std::string output;
    auto operator<=>(const Source&) const = default;
    explicit operator bool() const { return node != kNoNode; }
};

class FlatGraph;

/// What a node is; changes only when the node or its group does.
struct FlatShape {
    enum class Kind { Runs, HandsThrough, Absent, Unknown, Bound };
    struct RawLink {
        std::string input;
        Source from; ///< before looking through what hands through
    };

    Kind kind = Kind::Runs;
    std::shared_ptr<const Node> node;
    const NodeDeclaration* declaration = nullptr;
    std::shared_ptr<const GroupDefinition> group; ///< keeps the sockets below alive where they are a group's
    const std::vector<Socket>* inputs = nullptr;
    const std::vector<Socket>* outputs = nullptr;
    std::vector<RawLink> links;
    std::vector<std::pair<std::string, std::string>> handsOn; ///< output, input
    std::vector<ParameterValue> parameters;                   ///< as declared, checked, defaults filled in
    std::optional<Error> parameterError;
    bool watches = false; ///< reads files, or has a fingerprint: its key may change without an edit
    NodeId shownAs = 0;   ///< the node of the outermost graph that it is, or is inside of
    bool inGroup = false;
    std::string prefix; ///< of the title, inside of groups: "Group (group) › "
    std::shared_ptr<FlatGraph>
        loop; ///< nodes that repeat a group: its graph, with keys that stand for the inputs

    const RawLink* findLink(const std::string& input) const;
    std::string title() const; ///< "Blur (blur)", as messages call it
};

struct FlatInput {
    const Socket* socket = nullptr;       ///< or
    const Parameter* parameter = nullptr; ///< a driven parameter
    Source source;
    bool fromList = false; ///< the source gives a list, or is mapped over one
    bool maybe = false;    ///< lazy, and not known to be needed
    const std::string& id() const { return socket ? socket->id : parameter->id; }
    bool takesList() const { return socket && socket->list; }
};

struct FlatEntry {
    std::shared_ptr<const FlatShape> shape;
    Hash128 local; ///< all of the key but the inputs
    Hash128 key;
    std::vector<FlatInput> inputs; ///< those that are linked and not pruned
    std::vector<std::pair<std::string, Source>> handsOn;
    std::map<std::string, Hash128> boundKeys;         ///< Kind::Bound: keys of its outputs
    std::shared_ptr<const std::vector<Source>> lists; ///< mapped over these; null: not mapped
    bool volatileResult = false;                      ///< it, or something above it, is not to be cached
    std::optional<Error> error;                       ///< known before it runs

    bool runs() const {
        return shape->kind == FlatShape::Kind::Runs || shape->kind == FlatShape::Kind::Unknown;
    }
    bool mapped() const { return lists != nullptr; }
    const Source* handedOn(const std::string& output) const;
};

/// Immutable; safe from any thread while the FlatGraph goes on.
struct FlatSnapshot {
    SharedMap<FlatEntry> entries;
    SharedMap<FlatId> ids; ///< of the outermost graph's nodes
    std::shared_ptr<const std::vector<FlatId>> sinks;

    const FlatEntry& at(FlatId id) const { return *entries.find(id); }
    const FlatEntry* find(NodeId node) const;
    /// What an output leads to; nothing where it is unlinked.
    Source resolve(FlatId id, const std::string& output) const;
};

/// Key of one output, given that of its node.
Hash128 outputKey(const Hash128& node, const std::string& output);
/// Key of one item of a list source's output.
Hash128 itemKey(const FlatEntry& source, const std::string& output, const Hash128& item);

/// Values of a node's parameters, some driven by links.
class FlatParameters : public ParameterView {
public:
    explicit FlatParameters(const FlatShape& shape) : m_shape(shape) {}
    const ParameterValue& value(const std::string& id) const override;
    void drive(const std::string& id, ParameterValue value) { m_driven[id] = std::move(value); }

private:
    const FlatShape& m_shape;
    std::map<std::string, ParameterValue> m_driven;
};

/// The key of a node that runs: its own part, then what `keyOf` says of each input.
template <typename KeyOf>
Hash128 nodeKey(const FlatEntry& entry, const KeyOf& keyOf) {
    std::string buffer(reinterpret_cast<const char*>(&entry.local), sizeof entry.local);
    for (const FlatInput& input : entry.inputs) {
        const Hash128 key = keyOf(input);
        buffer += input.id();
        buffer += '\0';
        buffer.append(reinterpret_cast<const char*>(&key), sizeof key);
    }
    return hashBytes(buffer.data(), buffer.size());
}

} // namespace ochre::graph
