// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/LayerEdits.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/Types.h"
#include "core/session/Import.h"
#include "ui/bridge/Bridge.h"
#include "ui/viewport/NodeParameters.h"

namespace ochre::ui {
namespace {

constexpr const char *kLayers = "layers", *kOutput = "scene", *kEditType = "scene.edit_splats", *kLoadType = "scene.load_splats";
constexpr double kNextTo = 300, kBelow = 150; ///< units of the canvas between nodes

std::string inputName(std::size_t index) {
    return fmt::format("scene_{}", index + 1);
}

std::string textOf(const graph::Node& node) {
    return parameterOf<std::string>(node, kLayers, "[]");
}

bool same(const SplatScene& a, const SplatScene& b) {
    return std::ranges::equal(a.layers, b.layers, [](const SplatLayer& x, const SplatLayer& y) {
        return &x.cloud.data() == &y.cloud.data() && &x.cloud.fields() == &y.cloud.fields() && x.name == y.name && x.visible == y.visible && x.opacity == y.opacity &&
               x.place.rotation == y.place.rotation && x.place.scale == y.place.scale && x.place.translation == y.place.translation;
    });
}

bool same(const LayerEdits::Layer& a, const LayerEdits::Layer& b) {
    return a.settings == b.settings && a.source == b.source && same(a.scene, b.scene);
}

} // namespace

bool isScene(const graph::TypeName& type) {
    return graph::TypeRegistry::shared().isA(type, "scene_layers");
}

QString LayerEdits::Layer::name() const {
    if (!settings.name.empty()) return QString::fromStdString(settings.name);
    if (scene.layers.size() > 1) return LayerEdits::tr("%1 clouds").arg(scene.layers.size());
    return scene.layers.empty() ? LayerEdits::tr("Not loaded yet") : QString::fromStdString(scene.layers.front().name);
}

LayerEdits::LayerEdits(Bridge& bridge, QObject* parent) : QObject(parent), m_bridge(bridge) {
    connect(&m_bridge, &Bridge::documentChanged, this, &LayerEdits::refresh);
    connect(&m_bridge, &Bridge::nodeChanged, this, &LayerEdits::refresh);
    connect(&m_bridge, &Bridge::resultReady, this, &LayerEdits::refresh);
}

void LayerEdits::follow(graph::NodeId viewed) {
    m_viewed = viewed;
    refresh();
}

graph::Link LayerEdits::source() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    const graph::NodeRegistry& registry = m_bridge.session().registry();
    const graph::Node* node = graph.find(m_viewed);
    if (!node) return {};
    const graph::NodeDeclaration* declaration = registry.find(node->type);
    if (declaration && declaration->isSink())
        for (const graph::Socket& socket : graph::inputsOf(*node, graph, registry))
            if (const auto link = node->inputs.find(socket.id); isScene(socket.type) && link != node->inputs.end()) return link->second;
    for (const graph::Socket& socket : graph::outputsOf(*node, graph, registry))
        if (isScene(socket.type)) return {m_viewed, socket.id};
    return {};
}

void LayerEdits::find() {
    const graph::Graph& graph = m_bridge.session().document().graph();
    const graph::Link seen = source();
    const graph::Node* node = graph.find(seen.node);
    m_node = 0;
    m_editing = false;
    if (!node) return;
    if (node->type == kNodeType) m_node = node->id;
    if (node->type != kEditType || seen.node != m_viewed) return;
    for (const graph::NodeId id : graph.consumers(node->id))
        if (graph.at(id).type == kNodeType) m_node = id, m_editing = true;
}

/// An "Edit splats" that has not run yet stands for what it is given.
SplatScene LayerEdits::resultOf(graph::Link link) const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    for (;;) {
        const graph::Value value = m_bridge.session().result(link.node, link.output);
        if (const SplatCloud* cloud = value.tryAs<SplatCloud>()) return SplatScene(*cloud);
        if (const SplatScene* scene = value.tryAs<SplatScene>()) return *scene;
        const graph::Node* node = graph.find(link.node);
        const auto before = node && node->type == kEditType ? node->inputs.find("scene") : std::map<std::string, graph::Link>::const_iterator();
        if (!node || node->type != kEditType || before == node->inputs.end()) return {};
        link = before->second;
    }
}

int LayerEdits::percentOf(const graph::Link& link) const {
    const graph::NodeState state = m_bridge.session().state(link.node);
    return state.status == graph::NodeStatus::Running ? static_cast<int>(100 * state.share) : -1;
}

void LayerEdits::refresh() {
    find();
    std::vector<Layer> layers;
    const graph::Graph& graph = m_bridge.session().document().graph();
    if (m_node) {
        const graph::Node& node = graph.at(m_node);
        std::vector<LayerSettings> written;
        try {
            written = layersFromJson(parseJson(textOf(node), kLayers), kLayers);
            m_wrong.clear();
        } catch (const Error& e) {
            if (std::exchange(m_wrong, textOf(node)) != textOf(node)) Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
        }
        for (std::size_t i = 0; i < kMost; ++i)
            if (std::ranges::find(written, inputName(i), &LayerSettings::input) == written.end()) written.push_back({.input = inputName(i)});
        for (const LayerSettings& s : written)
            if (const auto link = node.inputs.find(s.input); link != node.inputs.end())
                layers.push_back({.settings = s, .source = link->second, .scene = resultOf(link->second), .percent = percentOf(link->second)});
    } else if (const graph::Link seen = source(); seen.node) {
        Layer alone{.settings = {.input = inputName(0)}, .source = seen, .scene = resultOf(seen)};
        if (!alone.scene.layers.empty()) layers.push_back(std::move(alone));
    }
    const bool further = !std::ranges::equal(layers, m_layers, {}, &Layer::percent, &Layer::percent);
    const bool others = !std::ranges::equal(layers, m_layers, [](const Layer& a, const Layer& b) { return same(a, b); });
    const int before = m_current;
    const std::string input = before >= 0 && before < static_cast<int>(m_layers.size()) ? m_layers[static_cast<std::size_t>(before)].settings.input : "";
    m_layers = std::move(layers);
    m_current = m_layers.empty() ? -1 : 0;
    for (std::size_t i = 0; i < m_layers.size(); ++i)
        if (m_editing ? m_layers[i].source.node == m_viewed : m_layers[i].settings.input == input) m_current = static_cast<int>(i);
    if (others) m_held.reset();
    if (others) Q_EMIT changed();
    if (m_current != before || others || further) Q_EMIT currentChanged();
}

void LayerEdits::setCurrent(int layer) {
    layer = std::clamp(layer, m_layers.empty() ? -1 : 0, static_cast<int>(m_layers.size()) - 1);
    if (layer == m_current) return;
    m_current = layer;
    Q_EMIT currentChanged();
}

Similarity LayerEdits::frame() const {
    return m_editing && m_current >= 0 ? m_layers[static_cast<std::size_t>(m_current)].settings.place() : Similarity{};
}

std::vector<LayerSettings> LayerEdits::settings() const {
    std::vector<LayerSettings> all;
    for (const Layer& layer : m_layers) all.push_back(layer.settings);
    if (m_held && m_current >= 0) all[static_cast<std::size_t>(m_current)].setPlace(*m_held);
    return all;
}

std::vector<SceneItem> LayerEdits::items() const {
    std::vector<std::pair<std::string, SplatScene>> scenes;
    for (const Layer& layer : m_layers) scenes.emplace_back(layer.settings.input, layer.scene);
    return itemsOf(combined(scenes, settings()));
}

std::vector<SceneItem> LayerEdits::itemsAround(std::vector<SceneItem> edited) const {
    const Similarity back = frame().inverse();
    for (std::size_t i = 0; i < m_layers.size(); ++i) {
        if (static_cast<int>(i) == m_current) continue;
        const Layer& layer = m_layers[i];
        const std::pair<std::string, SplatScene> one{layer.settings.input, layer.scene};
        SplatScene placed = combined({&one, 1}, {&layer.settings, 1});
        for (SplatLayer& part : placed.layers) part.place = part.place.then(back);
        for (SceneItem& item : itemsOf(placed)) edited.push_back(std::move(item));
    }
    return edited;
}

graph::NodeId LayerEdits::insert(graph::Graph& graph) const {
    const graph::Link seen = source();
    const graph::Node viewed = graph.at(m_viewed);
    const bool shows = seen.node != m_viewed;
    graph::Node added;
    added.type = kNodeType;
    added.look.x = viewed.look.x + (shows ? -kNextTo / 2 : kNextTo);
    added.look.y = viewed.look.y + (shows ? kBelow : 0);
    const graph::NodeId made = graph.add(std::move(added));
    for (const graph::NodeId id : graph.consumers(seen.node)) // what took the scene takes all of them
        for (const auto& [socket, link] : std::map(graph.at(id).inputs))
            if (id != made && link == seen && graph.at(id).type != kEditType && (!shows || id == m_viewed)) graph.connect({made, kOutput}, id, socket);
    graph.connect(seen, made, inputName(0));
    return made;
}

void LayerEdits::change(const QString& title, const std::function<void(std::vector<LayerSettings>&)>& edit, const QString& mergeKey) {
    m_held.reset();
    std::vector<LayerSettings> all = settings();
    edit(all);
    if (all == settings() || all.empty()) return;
    const graph::NodeId before = m_node;
    graph::NodeId made = 0;
    m_bridge.session().document().edit(
        title.toStdString(),
        [&](graph::Graph& graph) {
            made = before ? before : insert(graph);
            graph.setParameter(made, kLayers, dumpJson(layersToJson(all)));
        },
        mergeKey.toStdString());
    if (!before && source().node != made) Q_EMIT viewWanted(made);
}

void LayerEdits::endMerge() {
    m_bridge.session().document().endMerge();
}

void LayerEdits::hold(const std::optional<Similarity>& place) {
    m_held = place;
    Q_EMIT changed();
}

void LayerEdits::remove(int layer) {
    if (!m_node || layer < 0 || layer >= static_cast<int>(m_layers.size())) return;
    const Layer gone = m_layers[static_cast<std::size_t>(layer)];
    std::vector<LayerSettings> left = settings();
    left.erase(left.begin() + layer);
    m_bridge.session().document().edit(tr("Remove %1").arg(gone.name()).toStdString(), [&](graph::Graph& graph) {
        graph.disconnect(m_node, gone.settings.input);
        graph.setParameter(m_node, kLayers, dumpJson(layersToJson(left)));
        for (graph::NodeId id = gone.source.node; id && graph.consumers(id).empty();) {
            const graph::Node node = graph.at(id);
            if (node.type != kEditType && node.type != kLoadType) break;
            const auto before = node.inputs.find("scene");
            const graph::NodeId next = before == node.inputs.end() ? 0 : before->second.node;
            graph.remove(id);
            id = next;
        }
    });
}

void LayerEdits::add(const std::vector<std::filesystem::path>& files) {
    const graph::NodeId before = m_node;
    if (!before && !source().node) throw Error("no scene is viewed that others could be added to");
    if (m_layers.size() + files.size() > kMost)
        throw Error(fmt::format("{} scenes: a node combines {} at most", m_layers.size() + files.size(), kMost),
                    "add them to a second \"Combine scenes\" and link that to the first");
    graph::NodeId made = 0;
    m_bridge.session().document().edit(files.size() == 1 ? "Add " + files.front().filename().string() : fmt::format("Add {} scenes", files.size()),
                                       [&](graph::Graph& graph) {
        made = before ? before : insert(graph);
        const graph::Node node = graph.at(made);
        std::size_t socket = 0, row = node.inputs.size();
        for (const std::filesystem::path& file : files) {
            while (graph.at(made).inputs.contains(inputName(socket))) ++socket;
            graph::Node load;
            const std::string field = session::fieldLoaderOf(file);
            load.type = field.empty() ? kLoadType : field;
            load.parameters["path"] = file.string();
            load.look.x = node.look.x - kNextTo;
            load.look.y = node.look.y + kBelow * static_cast<double>(++row);
            graph.connect({graph.add(std::move(load)), "scene"}, made, inputName(socket));
        }
    });
    if (!before && source().node != made) Q_EMIT viewWanted(made);
}

graph::NodeId LayerEdits::edit(int layer) {
    const graph::Graph& graph = m_bridge.session().document().graph();
    const Layer one = m_layers.at(static_cast<std::size_t>(layer));
    if (const graph::Node* node = graph.find(one.source.node); node && node->type == kEditType) return node->id;
    graph::NodeId made = 0;
    m_bridge.session().document().edit(tr("Edit splats").toStdString(), [&](graph::Graph& g) {
        const graph::Node from = g.at(one.source.node), to = g.at(m_node);
        graph::Node added;
        added.type = kEditType;
        added.look.x = (from.look.x + to.look.x) / 2;
        added.look.y = from.look.y + kBelow / 2;
        made = g.add(std::move(added));
        g.connect(one.source, made, "scene");
        g.connect({made, "scene"}, m_node, one.settings.input);
    });
    return made;
}

graph::NodeId LayerEdits::whole() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    for (const graph::NodeId id : graph.consumers(m_node))
        if (const auto* declaration = m_bridge.session().registry().find(graph.at(id).type); declaration && declaration->isSink()) return id;
    return m_node;
}

} // namespace ochre::ui
