// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/BatchPlan.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ImageIo.h"
#include "core/image/PictureFiles.h"
#include "core/nodes/Types.h"
#include "core/video/JoinVideos.h"
#include "core/video/VideoFrames.h"
#include "core/video/VideoWriter.h"

namespace ochre::session {
namespace {

namespace fs = std::filesystem;
constexpr const char* kLoad = "image.load";
constexpr const char* kFrame = "video.frame";
constexpr std::size_t kMostItems = 1'000'000;

std::string listed(const std::vector<const graph::Node*>& nodes) {
    std::string names;
    for (const graph::Node* node : nodes) names += (names.empty() ? "" : ", ") + node->name;
    return names;
}

const graph::Node& named(const graph::Graph& graph, const std::string& name, const char* what) {
    const graph::Node* node = graph.findByName(name);
    if (!node) throw Error(fmt::format("{}: the graph has no node \"{}\"", what, name), "give the name that its panel shows");
    return *node;
}

/// The picture that a node shows or saves, or gives.
std::optional<graph::Link> pictureOf(const graph::Node& node, const graph::Graph& graph, const graph::NodeRegistry& registry) {
    const graph::TypeRegistry& types = graph::TypeRegistry::shared();
    const auto isImage = [&](const graph::Socket& socket) { return types.isA(socket.type, nodes::types::kImage); };
    for (const graph::Socket& socket : graph::outputsOf(node, graph, registry))
        if (isImage(socket)) return graph::Link{node.id, socket.id};
    for (const graph::Socket& socket : graph::inputsOf(node, graph, registry))
        if (const auto link = node.inputs.find(socket.id); isImage(socket) && link != node.inputs.end()) return link->second;
    return std::nullopt;
}

graph::Link findOutput(const graph::Graph& graph, const graph::NodeRegistry& registry, const std::string& name) {
    if (!name.empty()) {
        const graph::Node& node = named(graph, name, "output");
        if (const auto link = pictureOf(node, graph, registry)) return *link;
        throw Error(fmt::format("output: \"{}\" gives no picture", name), "choose a node that does");
    }
    std::vector<const graph::Node*> sinks, ends;
    std::map<std::pair<graph::NodeId, std::string>, graph::Link> found;
    graph.forEach([&](const graph::Node& node) {
        const graph::NodeDeclaration* declaration = registry.find(node.type);
        const bool sink = declaration && declaration->isSink();
        if (!pictureOf(node, graph, registry) || (!sink && !graph.consumers(node.id).empty())) return;
        (sink ? sinks : ends).push_back(&node);
    });
    std::vector<const graph::Node*>& choice = sinks.empty() ? ends : sinks;
    for (const graph::Node* node : choice) {
        const graph::Link link = *pictureOf(*node, graph, registry);
        found[{link.node, link.output}] = link;
    }
    if (found.size() == 1) return found.begin()->second;
    throw Error(found.empty() ? "the graph shows and saves no picture" : "the graph shows several pictures: " + listed(choice),
                found.empty() ? "add a viewer behind what is to be written" : "say which one is to be written");
}

const graph::Node& findInput(const graph::Graph& graph, const std::string& name, graph::NodeId output) {
    if (!name.empty()) {
        const graph::Node& node = named(graph, name, "input");
        if (node.type != kLoad) throw Error(fmt::format("input: \"{}\" loads no picture", name), "choose a node \"Load image\"");
        return node;
    }
    std::vector<const graph::Node*> loads, empty;
    graph.forEach([&](const graph::Node& node) {
        if (node.type != kLoad || (node.id != output && !graph.dependsOn(output, node.id))) return;
        loads.push_back(&node);
        const auto path = node.parameters.find("path");
        if (path == node.parameters.end() || std::get<std::string>(path->second).empty()) empty.push_back(&node);
    });
    if (loads.size() == 1) return *loads.front();
    if (empty.size() == 1) return *empty.front();
    throw Error(loads.empty() ? "the graph loads no picture that its result depends on" : "the graph loads several pictures: " + listed(loads),
                loads.empty() ? "add a node \"Load image\" in front" : "say which of them is given the pictures");
}

std::vector<fs::path> picturesIn(const fs::path& folder, const fs::path& target, const Cancel& cancel) {
    std::vector<fs::path> files;
    std::error_code error;
    fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
    if (error) throw Error(folder.string() + ": is no folder that can be read", "check its name and permissions");
    for (const fs::recursive_directory_iterator end; it != end; it.increment(error)) {
        cancel.check();
        if (error) throw Error(folder.string() + ": cannot be read to its end: " + error.message(), "check its permissions");
        const bool hidden = it->path().filename().string().starts_with(".");
        if (it->is_directory(error)) {
            if (hidden || fs::equivalent(it->path(), target, error)) it.disable_recursion_pending();
        } else if (!hidden && isPictureFile(it->path())) {
            files.push_back(it->path());
        }
        error.clear();
        if (files.size() > kMostItems) throw Error(folder.string() + ": more than a million pictures", "choose a smaller folder");
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// Two sources whose results would have one name keep their endings in front of the new one.
void nameResults(std::vector<BatchItem>& items, const std::string& format) {
    std::map<std::string, int> uses;
    const auto replaced = [&](const BatchItem& item) {
        return format.empty() ? item.name : fs::path(item.name).replace_extension(format).string();
    };
    for (const BatchItem& item : items) ++uses[replaced(item)];
    for (BatchItem& item : items) item.result = uses[replaced(item)] > 1 ? item.name + "." + format : replaced(item);
}

void planVideo(BatchPlan& plan, const BatchOptions& options, const Cancel& cancel) {
    VideoFrames reader(options.source);
    plan.ofVideo = true;
    plan.times = reader.times(cancel);
    plan.fps = reader.info().fps;
    plan.pixelAspect = reader.info().pixelAspect;
    if (plan.toVideo && options.sound && !reader.info().sound.empty()) checkSound(options.source, options.target);
    const std::string format = options.format.empty() ? "png" : options.format;
    for (std::size_t i = 0; i < plan.times.size(); ++i)
        plan.items.push_back({fmt::format("frame {}", i), options.source, static_cast<std::int64_t>(i), fmt::format("frame-{:06}.{}", i, format)});
}

/// All but the items: quick.
BatchPlan beginPlan(const graph::Graph& graph, const graph::NodeRegistry& registry, const BatchOptions& options) {
    BatchPlan plan;
    plan.output = findOutput(graph, registry, options.output);
    plan.input = findInput(graph, options.input, plan.output.node).id;
    plan.toVideo = isVideo(options.target);
    plan.fps = options.fps;
    plan.folder = plan.toVideo ? fs::path(options.target.string() + ".parts") : options.target;
    if (!options.format.empty()) imageFormatFromPath("x." + options.format); // throws
    std::error_code error;
    if (options.target.empty()) throw Error("batch: has no target", "give a folder, or a video that ends in .mp4 or .mov");
    const bool single = isPictureFile(options.source) && !fs::is_directory(options.source, error);
    if (!single && isPictureFile(options.target))
        throw Error(options.target.string() + ": is one picture, and there are many", "give a folder, or a video that ends in .mp4 or .mov");
    if (fs::exists(options.target, error) && fs::equivalent(options.source, options.target, error))
        throw Error(options.target.string() + ": is the source itself", "choose another folder or file for the results");
    if (!fs::exists(options.source, error) || (!single && !fs::is_directory(options.source, error) && !isVideo(options.source)))
        throw Error(options.source.string() + ": is no folder, video or picture that can be read", "check its name");
    if (plan.toVideo) checkVideo(options.target, {.width = 64, .height = 64, .fps = options.fps, .quality = options.quality}); // the kind of file
    return plan;
}

} // namespace

void checkBatch(const graph::Graph& graph, const graph::NodeRegistry& registry, const BatchOptions& options) {
    beginPlan(graph, registry, options);
}

BatchPlan planBatch(const graph::Graph& graph, const graph::NodeRegistry& registry, const BatchOptions& options, const Cancel& cancel) {
    BatchPlan plan = beginPlan(graph, registry, options);
    if (std::error_code error; fs::is_directory(options.source, error)) {
        for (const fs::path& file : picturesIn(options.source, options.target, cancel))
            plan.items.push_back({file.lexically_relative(options.source).string(), file, 0, {}});
        if (plan.items.empty()) throw Error(options.source.string() + ": has no pictures", std::string("pictures are ") + imageFilePatterns());
        nameResults(plan.items, options.format);
    } else if (isVideo(options.source)) {
        planVideo(plan, options, cancel);
    } else {
        plan.items.push_back({options.source.filename().string(), options.source, 0, {}});
        nameResults(plan.items, options.format);
        if (isPictureFile(options.target)) {
            plan.items.front().result = options.target.filename().string();
            plan.folder = options.target.parent_path();
        }
    }
    return plan;
}

graph::Graph graphOf(const BatchPlan& plan, graph::Graph graph, const BatchItem& item) {
    graph.setParameter(plan.input, "path", fs::absolute(item.file).string());
    if (!plan.ofVideo) return graph;
    graph.setParameter(plan.input, "frame", item.frame);
    std::vector<graph::NodeId> follow; // masks that were tracked through it
    graph.forEach([&](const graph::Node& node) {
        if (node.type == kFrame) follow.push_back(node.id);
    });
    for (const graph::NodeId node : follow) graph.setParameter(node, "frame", item.frame);
    return graph;
}

} // namespace ochre::session
