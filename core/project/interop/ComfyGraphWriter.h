// SPDX-License-Identifier: GPL-3.0-or-later
// One graph (the root or a subgraph) on its way to ComfyUI: nodes first, then the links between them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/project/interop/ComfyGraph.h"
#include "core/project/interop/ComfyNodes.h"

namespace ochre::project::interop {

/// What all graphs of one file share.
struct WriteContext {
    const graph::NodeRegistry& registry;
    std::vector<std::string> missing = {}, missingTypes = {}, warnings = {};
    std::map<std::string, std::string> uuids = {};                  ///< of group definitions, by their id
    std::map<std::string, const graph::GroupDefinition*> used = {}; ///< by uuid
    std::string uuidOf(const graph::GroupDefinition& group);
};

class GraphWriter {
public:
    /// `skeleton` is the object that the graph came from, or null. `within`: the group whose graph it is.
    GraphWriter(WriteContext& context, const graph::Graph& graph, Json skeleton,
                const graph::GroupDefinition* within);

    Json write();

private:
    struct Emitted { ///< a ComfyUI node under way
        Json json;
        std::string id;
    };
    struct Written { ///< what an Ochre node became
        std::size_t node = 0;
        RowChoice choice;
        std::map<std::string, std::size_t> parts;
        std::map<std::string, std::vector<std::size_t>> reroutes; ///< between owner and part, from the owner up
        std::vector<std::size_t> loras; ///< of the tags in a prompt, in their order
        bool primitive = false;
    };
    struct End { ///< of a link: a node and a slot
        std::string id;
        std::size_t slot = 0;
        std::string type;
        auto operator<=>(const End&) const = default;
    };
    struct Wanted {
        End from;
        std::string to, input, type; ///< `input`: name, where `slot` is not known
        bool widget = false;
        std::optional<std::size_t> slot = {};
    };

    // ComfyGraphWriter.cpp: nodes
    void countIds();
    void addNode(const graph::Node& node);
    void addRowNode(const graph::Node& node, const graph::NodeDeclaration& declaration, RowChoice choice);
    void addGroupNode(const graph::Node& node);
    bool addPrimitive(const graph::Node& node);
    void addParts(const graph::Node& node, const graph::NodeDeclaration& declaration, Written& written);
    void addLoras(const graph::Node& node, Written& written);
    std::size_t emit(Json json);
    std::size_t emitOnce(Json json); ///< one that is there already, word for word, serves again
    std::size_t emitNew(const std::string& type, const graph::NodeLook& look);
    bool isCollapsed(const graph::Node& node) const;
    const SocketRule* invertedOutput(const graph::Link& link) const;
    const SocketRule* outputRule(const graph::Link& link, std::size_t* slot = nullptr) const;
    const WidgetRule* drivenWidget(graph::NodeId value, int steps) const; ///< through reroutes; null: none
    void leaveOut(const graph::Node& node);
    void tell(const graph::Node& node, const std::string& what);

    // ComfyLinks.cpp: links and what is around
    void collectWanted();
    void wantInputs(const graph::Node& node);
    void want(const graph::Node& node, const std::string& input, graph::Link source);
    void wantInto(std::size_t node, const SocketRule& socket, const End& from);
    void wantRow(const graph::Node& node, const Written& written, const std::string& input,
                 const graph::Link& source);
    void wantPlain(const std::string& to, std::size_t slot, const graph::Link& source);
    void wantLoras(const Written& written);
    std::optional<End> throughNode(const graph::Node& node, const std::string& output, int steps);
    std::optional<std::size_t> targetSlot(const Wanted& wanted);
    std::optional<End> endOf(const graph::Link& link, int steps);
    End invert(const End& from, const graph::NodeLook& look);
    End converted(const End& from, const std::string& type, const graph::NodeLook& look);
    void keepLinks();
    Json finishLinks();
    void patchSlots(const std::vector<ForeignLink>& links);
    Json finishGroups() const;
    Json finishNodes();
    Json linkJson(std::int64_t id, const Wanted& wanted, std::size_t slot) const;
    bool isKept(const ForeignLink& link, const std::set<std::string>& before) const;
    static bool setLinks(Json& slots, std::size_t slot, const char* key, const std::vector<std::string>& ids);
    bool isObjectLinks() const;
    void forgetLinks(const std::set<std::string>& dropped);

    WriteContext& m_context;
    const graph::Graph& m_graph;
    Json m_skeleton;
    const graph::GroupDefinition* m_within;
    std::vector<Emitted> m_emitted;
    std::map<std::string, std::size_t> m_byId;
    std::map<graph::NodeId, Written> m_written;
    std::vector<Wanted> m_wanted;
    std::vector<Json> m_kept;
    std::map<End, End> m_inverters;
    std::map<std::pair<End, std::string>, End> m_converters;
    std::int64_t m_lastId = 0;
};

} // namespace ochre::project::interop
