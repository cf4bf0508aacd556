// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/ProjectFile.h"

#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/graph/GraphJson.h"
#include "core/image/ImageIo.h"

namespace ochre::project {
namespace {

// The schema of the file. Raise kSchema when a reader of today could misread what is written tomorrow, and register an
// upgrade; raise kMinimum when it could not read it at all.
constexpr int kSchema = 1;
constexpr int kMinimum = 1;
constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;

using Upgrade = void (*)(Json& project);
/// From schema n to n+1, by n. Empty while there has been only one.
const std::map<int, Upgrade>& upgrades() {
    static const std::map<int, Upgrade> all{};
    return all;
}

struct Header {
    int schema, minimum;
};

int wholeNumber(const Json& object, const char* key, std::string_view subject) {
    const auto it = object.find(key);
    if (it == object.end() || !it->is_number_integer() || it->get<std::int64_t>() < 1 || it->get<std::int64_t>() > 1'000'000)
        throw broken(fmt::format("{}: ochre.{}: a whole number from 1 is missing", subject, key));
    return it->get<int>();
}

Header readHeader(const Json& root, std::string_view subject) {
    const auto header = root.is_object() ? root.find("ochre") : root.end();
    if (!root.is_object() || header == root.end())
        throw notMine(fmt::format("{}: is not an Ochre project: it has no \"ochre\" header", subject));
    if (!header->is_object()) throw broken(fmt::format("{}: ochre: not an object", subject));
    return {wholeNumber(*header, "schema", subject), wholeNumber(*header, "minimum", subject)};
}

double finiteNumber(const Json& view, const char* key, double fallback) {
    const auto it = view.find(key);
    if (it == view.end() || !it->is_number()) return fallback;
    const double value = it->get<double>();
    return std::isfinite(value) && std::abs(value) < 1e9 ? value : fallback;
}

// A view that makes no sense costs only the view.
View readView(const Json& root) {
    View view;
    const auto it = root.find("view");
    if (it == root.end() || !it->is_object()) return view;
    view.canvasX = finiteNumber(*it, "x", 0);
    view.canvasY = finiteNumber(*it, "y", 0);
    view.canvasZoom = finiteNumber(*it, "zoom", 1);
    if (view.canvasZoom < 0.01 || view.canvasZoom > 100) view.canvasZoom = 1;
    view.viewed = static_cast<graph::NodeId>(std::max(0.0, finiteNumber(*it, "viewed", 0)));
    if (const auto scene = it->find("scene"); scene != it->end() && scene->is_object()) view.scene = *scene;
    return view;
}

bool looksLikePicture(const std::filesystem::path& path) {
    try {
        imageFormatFromPath(path);
        return true;
    } catch (const Error&) {
        return false;
    }
}

Json unknownFields(const Json& root) {
    Json extra = nullptr;
    for (const auto& [key, value] : root.items())
        if (key != "ochre" && key != "view" && key != "graph") extra[key] = value;
    return extra;
}

} // namespace

Project projectFromText(std::string_view text, std::string_view subject) {
    Json root = parseJson(text, subject, {.bytes = kMaxBytes});
    const Header header = readHeader(root, subject);
    if (header.minimum > kSchema)
        throw Error(fmt::format("{}: needs an Ochre that reads schema {}; this one reads up to {}", subject,
                                header.minimum, kSchema),
                    "open it with a newer Ochre");
    for (int schema = header.schema; schema < kSchema; ++schema)
        if (const auto upgrade = upgrades().find(schema); upgrade != upgrades().end()) upgrade->second(root);

    const auto graph = root.find("graph");
    if (graph == root.end()) throw broken(fmt::format("{}: the graph is missing", subject));
    Project project;
    project.graph = graph::graphFromJson(*graph, subject);
    project.view = readView(root);
    project.extra = unknownFields(root);
    if (header.schema > kSchema)
        project.warning = fmt::format("{} was written by a newer Ochre (schema {}, this one knows {}). What is new in it is "
                                      "kept but not used; save under another name to be safe.",
                                      subject, header.schema, kSchema);
    return project;
}

std::string projectToText(const graph::Graph& graph, const View& view, const Json& extra) {
    Json root;
    root["ochre"] = {{"schema", kSchema}, {"minimum", kMinimum}, {"writer", "Ochre " OCHRE_VERSION}};
    root["view"] = {{"x", view.canvasX}, {"y", view.canvasY}, {"zoom", view.canvasZoom}, {"viewed", view.viewed}};
    if (view.scene.is_object()) root["view"]["scene"] = view.scene;
    root["graph"] = graph::graphToJson(graph);
    if (extra.is_object())
        for (const auto& [key, value] : extra.items()) root[key] = value;
    return dumpJson(root, 1) + "\n";
}

Project readProject(const std::filesystem::path& path) {
    const std::string subject = path.filename().string();
    if (path.extension() != ".ochre" && looksLikePicture(path)) {
        const ImageInfo info = probeImage(path);
        const auto text = info.metadata.find("ochre:graph");
        if (text == info.metadata.end())
            throw Error(subject + ": the picture holds no Ochre graph", "only pictures saved by Ochre carry their graph");
        return projectFromText(text->second, subject);
    }
    return projectFromText(readTextFile(path, kMaxBytes), subject);
}

void writeProject(const std::filesystem::path& path, const graph::Graph& graph, const View& view, const Json& extra) {
    const std::string text = projectToText(graph, view, extra);
    // Reading it back before it replaces anything: a fault of the writer must not cost the artist the old file.
    const Project again = projectFromText(text, path.filename().string());
    if (graph::graphToJson(again.graph) != graph::graphToJson(graph))
        throw Error(path.string() + ": the project does not survive being written; the file was left as it was",
                    "this is a fault in Ochre: please report it with the log");
    writeFileAtomic(path, text);
}

std::string selectionToText(const graph::Graph& graph, const std::vector<graph::NodeId>& nodes) {
    graph::Graph part;
    std::set<std::string> groups;
    Json outside = Json::array();
    const std::set<graph::NodeId> chosen(nodes.begin(), nodes.end());
    // Links inside come first as nodes without inputs: a node may stand before its source.
    for (const graph::NodeId id : chosen) {
        graph::Node node = graph.at(id);
        if (!node.group.empty()) groups.insert(node.group);
        node.inputs.clear();
        part.add(std::move(node));
    }
    for (const graph::NodeId id : chosen)
        for (const auto& [input, link] : graph.at(id).inputs) {
            if (chosen.count(link.node)) part.connect(link, id, input);
            else outside.push_back({{"node", link.node}, {"output", link.output}, {"to", id}, {"input", input}});
        }
    for (const graph::GroupDefinition* group : graph.groups())
        if (groups.count(group->id)) part.setGroup(*group);
    Json root;
    root["ochre"] = {{"schema", kSchema}, {"minimum", kMinimum}, {"writer", "Ochre " OCHRE_VERSION}};
    root["selection"] = graph::graphToJson(part);
    root["outside"] = std::move(outside);
    return dumpJson(root);
}

std::vector<graph::NodeId> pasteText(graph::Graph& graph, std::string_view text, double dx, double dy, bool keepInputs) {
    const std::string subject = "clipboard";
    const Json root = parseJson(text, subject, {.bytes = kMaxBytes});
    readHeader(root, subject);
    const auto selection = root.find("selection");
    if (selection == root.end()) throw notMine("clipboard: holds no nodes");
    const graph::Graph part = graph::graphFromJson(*selection, subject);

    graph::Graph next = graph;
    for (const graph::GroupDefinition* group : part.groups())
        if (!next.findGroup(group->id)) next.setGroup(*group);
    std::map<graph::NodeId, graph::NodeId> ids;
    std::vector<graph::NodeId> added;
    part.forEach([&](const graph::Node& node) {
        graph::Node copy = node;
        copy.id = 0;
        copy.inputs.clear();
        copy.look.x += dx;
        copy.look.y += dy;
        added.push_back(ids[node.id] = next.add(std::move(copy)));
    });
    part.forEach([&](const graph::Node& node) {
        for (const auto& [input, link] : node.inputs) next.connect({ids.at(link.node), link.output}, ids.at(node.id), input);
    });
    if (const auto outside = root.find("outside"); keepInputs && outside != root.end() && outside->is_array())
        for (const Json& link : *outside) {
            const auto source = link.value("node", graph::NodeId{0});
            const auto target = ids.find(link.value("to", graph::NodeId{0}));
            if (next.find(source) && target != ids.end())
                next.connect({source, link.value("output", std::string())}, target->second,
                             link.value("input", std::string()));
        }
    graph = std::move(next);
    return added;
}

} // namespace ochre::project
