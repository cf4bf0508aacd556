// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/MaskUses.h"

#include <optional>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/library/ModelFolder.h"
#include "core/project/ProjectFile.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/NodeParameters.h"

namespace ochre::ui {
namespace {

using graph::Graph;
using graph::Link;
using graph::NodeId;

constexpr double kNextTo = 300, kBelow = 260; // units of the canvas between nodes
constexpr double kChainHeight = 1100;          // of the nodes that inpaint one object
constexpr double kFeather = 2;                // pixels
constexpr std::int64_t kStarterSide = 128;    // of the pictures that the starter model knows

NodeId addNode(Graph& graph, const std::string& type, NodeId beside, double right, double down) {
    graph::Node node;
    node.type = type;
    node.look.x = graph.at(beside).look.x + right;
    node.look.y = graph.at(beside).look.y + down;
    return graph.add(std::move(node));
}

bool isLinked(const Graph& graph, NodeId node, const std::string& input, const Link& from) {
    const auto& inputs = graph.at(node).inputs;
    const auto found = inputs.find(input);
    return found != inputs.end() && found->second == from;
}

/// The node of that type whose input takes this link.
std::optional<NodeId> consumer(const Graph& graph, const Link& from, const std::string& type,
                               const std::string& input) {
    for (const NodeId id : graph.consumers(from.node))
        if (graph.at(id).type == type && isLinked(graph, id, input, from)) return id;
    return std::nullopt;
}

Link softened(Graph& graph, const Link& mask) {
    if (const auto there = consumer(graph, mask, "mask.grow_feather", "mask")) return {*there, "mask"};
    const NodeId soft = addNode(graph, "mask.grow_feather", mask.node, kNextTo, 0);
    graph.setParameter(soft, "feather", kFeather);
    graph.connect(mask, soft, "mask");
    return {soft, "mask"};
}

graph::Color colorOf(const QColor& color) {
    return {color.redF(), color.greenF(), color.blueF(), 1};
}

/// What lies behind, of the picture's size.
Link backgroundOf(Graph& graph, const MaskPlace& place, const Background& background, NodeId beside) {
    const auto width = static_cast<std::int64_t>(place.size.width()),
               height = static_cast<std::int64_t>(place.size.height());
    const bool plain = std::holds_alternative<QColor>(background);
    const NodeId ground = addNode(graph, plain ? "image.constant" : "image.resize", beside, -kNextTo, kBelow);
    graph.setParameter(ground, "width", width);
    graph.setParameter(ground, "height", height);
    if (plain) {
        graph.setParameter(ground, "color", colorOf(std::get<QColor>(background)));
        return {ground, "image"};
    }
    graph.setParameter(ground, "crop", std::string("center"));
    const NodeId file = addNode(graph, "image.load", ground, -kNextTo, 0);
    graph.setParameter(file, "path", std::get<QString>(background).toStdString());
    graph.connect({file, "image"}, ground, "image");
    return {ground, "image"};
}

/// The same kind of background as `background` changed in place; false: there is none, or another.
bool changeBackground(Graph& graph, NodeId composite, const Background& background) {
    const auto& inputs = graph.at(composite).inputs;
    const auto base = inputs.find("base");
    if (base == inputs.end()) return false;
    const NodeId ground = base->second.node;
    if (const auto* color = std::get_if<QColor>(&background)) {
        if (graph.at(ground).type != "image.constant") return false;
        graph.setParameter(ground, "color", colorOf(*color));
        return true;
    }
    const auto file = graph.at(ground).inputs.find("image");
    if (graph.at(ground).type != "image.resize" || file == graph.at(ground).inputs.end() ||
        graph.at(file->second.node).type != "image.load")
        return false;
    graph.setParameter(file->second.node, "path", std::get<QString>(background).toStdString());
    return true;
}

/// The node at the other end of an input; 0 where there is none.
NodeId before(const Graph& graph, NodeId node, const char* input) {
    const graph::Node* at = graph.find(node);
    if (!at) return 0;
    const auto found = at->inputs.find(input);
    return found == at->inputs.end() ? 0 : found->second.node;
}

/// The checkpoint that the nodes before this one use; 0 where there is none.
NodeId checkpointOf(const Graph& graph, NodeId stitch) {
    return before(graph, before(graph, stitch, "patch"), "autoencoder");
}

/// The node that selects by that box alone in the picture, the one that is there or a new one.
NodeId selectingNode(Graph& graph, const Link& picture, const std::string& box, double down) {
    for (const NodeId id : graph.consumers(picture.node)) {
        const graph::Node& node = graph.at(id);
        if (node.type == MaskEdits::kNodeType && isLinked(graph, id, "image", picture) && parameterOf(node, "box") == box &&
            parameterOf(node, "points").empty())
            return id;
    }
    const auto models = library::likelySegmenters();
    const NodeId select = addNode(graph, MaskEdits::kNodeType, picture.node, kNextTo, down);
    graph.connect(picture, select, "image");
    graph.setParameter(select, "box", box);
    if (!models.empty()) graph.setParameter(select, "model", models.front().reference);
    return select;
}

/// `checkpoint`: one that is there already; 0: the nodes bring their own.
NodeId inpaint(Graph& graph, const MaskPlace& place, const QString& prompt, NodeId checkpoint) {
    const Link& mask = place.mask;
    if (const auto there = consumer(graph, mask, "image.crop_region", "mask"))
        if (const auto stitch = consumer(graph, {*there, "region"}, "image.stitch_region", "region")) {
            const NodeId sample = before(graph, before(graph, *stitch, "patch"), "latent");
            if (const NodeId words = before(graph, sample, "positive"); words && !prompt.isEmpty())
                graph.setParameter(words, "text", prompt.toStdString());
            return *stitch;
        }
    const auto file = paths::resources() / "graphs" / "inpaint.ochre";
    const Graph starter = project::readProject(file).graph;
    const auto isCheckpoint = [&](NodeId node) { return starter.at(node).type == "generate.load_checkpoint"; };
    std::vector<NodeId> kept;
    double left = 0, top = 0;
    bool first = true;
    starter.forEach([&](const graph::Node& node) {
        if (node.type == "image.load" || node.type.starts_with("mask.") || node.type == "image.view") return;
        if (checkpoint && isCheckpoint(node.id)) return;
        left = first ? node.look.x : std::min(left, node.look.x);
        top = first ? node.look.y : std::min(top, node.look.y);
        first = false;
        kept.push_back(node.id);
    });
    const graph::NodeLook& look = graph.at(mask.node).look;
    const std::vector<NodeId> added = project::pasteText(graph, project::selectionToText(starter, kept),
                                                         look.x + kNextTo - left, look.y + 2 * kBelow - top);
    NodeId result = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const graph::Node& node = starter.at(kept[i]);
        if (node.type == "generate.prompt" && node.inputs.contains("model"))
            graph.setParameter(added[i], "text", prompt.toStdString());
        if (node.type == "image.crop_region" && !library::hasOwnCheckpoint()) graph.setParameter(added[i], "size", kStarterSide);
        if (node.type == "image.stitch_region") result = added[i];
        for (const auto& [input, link] : node.inputs) {
            if (starter.at(link.node).type == "image.load") graph.connect(place.picture, added[i], input);
            if (starter.at(link.node).type.starts_with("mask.")) graph.connect(mask, added[i], input);
            if (checkpoint && isCheckpoint(link.node)) graph.connect({checkpoint, link.output}, added[i], input);
        }
    }
    if (!result)
        throw Error(file.string() + ": it has no node that puts a part back", "run ./installer/run again");
    return result;
}

} // namespace

NodeId addCutOut(Graph& graph, const MaskPlace& place) {
    const Link mask = softened(graph, place.mask);
    if (const auto there = consumer(graph, mask, "image.join_alpha", "mask");
        there && isLinked(graph, *there, "image", place.picture))
        return *there;
    const NodeId join = addNode(graph, "image.join_alpha", mask.node, kNextTo, 0);
    graph.connect(place.picture, join, "image");
    graph.connect(mask, join, "mask");
    return join;
}

NodeId addBackground(Graph& graph, const MaskPlace& place, const Background& background) {
    const Link mask = softened(graph, place.mask);
    std::optional<NodeId> composite = consumer(graph, mask, "image.composite", "mask");
    if (composite && !isLinked(graph, *composite, "over", place.picture)) composite.reset();
    if (!composite) {
        composite = addNode(graph, "image.composite", mask.node, kNextTo, kBelow);
        graph.connect(place.picture, *composite, "over");
        graph.connect(mask, *composite, "mask");
    }
    if (!changeBackground(graph, *composite, background))
        graph.connect(backgroundOf(graph, place, background, *composite), *composite, "base");
    return *composite;
}

NodeId addInpainting(Graph& graph, const MaskPlace& place, const QString& prompt) {
    return inpaint(graph, place, prompt, 0);
}

NodeId addInpaintings(Graph& graph, const Link& picture, const std::vector<Repaint>& wanted) {
    Link now = picture;
    NodeId checkpoint = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const double down = kBelow + static_cast<double>(i) * kChainHeight;
        const NodeId select = selectingNode(graph, picture, textOf(wanted[i].box), down);
        const NodeId stitch = inpaint(graph, {{select, "mask"}, now, {}}, wanted[i].prompt, checkpoint);
        for (const NodeId taker : {before(graph, stitch, "region"), stitch}) graph.connect(now, taker, "image"); // also what was there
        now = {stitch, "image"};
        if (!checkpoint) checkpoint = checkpointOf(graph, stitch);
    }
    return now.node;
}

} // namespace ochre::ui
