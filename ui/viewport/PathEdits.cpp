// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/PathEdits.h"

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "ui/bridge/Bridge.h"
#include "ui/viewport/LayerEdits.h"
#include "ui/viewport/NodeParameters.h"

namespace ochre::ui {
namespace {
constexpr const char *kKeys = "keys", *kFile = "path", *kCameras = "cameras", *kScene = "scene";
constexpr double kBelow = 260; ///< units of the canvas from a node to the one that is put below it
} // namespace

PathEdits::PathEdits(Bridge& bridge, QObject* parent) : QObject(parent), m_bridge(bridge) {
    connect(&m_bridge, &Bridge::documentChanged, this, &PathEdits::refresh);
}

void PathEdits::follow(graph::NodeId viewed) {
    m_viewed = viewed;
    refresh();
}

graph::Link PathEdits::source() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    const graph::NodeRegistry& registry = m_bridge.session().registry();
    const graph::Node* node = graph.find(m_viewed);
    if (!node) return {};
    if (const auto link = node->inputs.find(kScene); link != node->inputs.end() && registry.find(node->type) && registry.find(node->type)->isSink())
        return link->second;
    for (const graph::Socket& socket : graph::outputsOf(*node, graph, registry))
        if (isScene(socket.type)) return {m_viewed, socket.id};
    return {};
}

graph::NodeId PathEdits::find() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    const graph::Link seen = source();
    graph::NodeId first = 0, same = 0;
    graph.forEach([&](const graph::Node& node) {
        if (node.type != kNodeType) return;
        const auto link = node.inputs.find(kScene);
        if (same == 0 && link != node.inputs.end() && (link->second == seen || link->second.node == m_viewed)) same = node.id;
        if (first == 0) first = node.id;
    });
    return same ? same : first;
}

void PathEdits::refresh() {
    const graph::Graph& graph = m_bridge.session().document().graph();
    m_node = find();
    const graph::Node* node = graph.find(m_node);
    const std::string keys = node ? parameterOf(*node, kKeys) : std::string(), file = node ? parameterOf(*node, kFile) : std::string();
    refreshCameras(node ? parameterOf(*node, kCameras) : std::string());
    const std::string text = keys + "\n" + file;
    if (text == m_text) return;
    m_text = text;
    CameraPath path;
    try {
        if (!file.empty()) path = readCameraPath(paths::resolve(file));
        else if (!keys.empty()) path = cameraPathFromJson(parseJson(keys, kKeys), kKeys);
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
    m_path = std::move(path);
    Q_EMIT changed();
}

void PathEdits::refreshCameras(const std::string& file) {
    if (file == m_camerasFile) return;
    m_camerasFile = file;
    CameraSet set;
    try {
        if (!file.empty()) set = readCameras(paths::resolve(file)).set;
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
    m_cameras = std::move(set);
    Q_EMIT camerasChanged();
}

void PathEdits::setCameras(CameraSet set, const QString& file) {
    m_cameras = std::move(set);
    m_camerasFile = file.toStdString(); // is not read again
    Q_EMIT camerasChanged();
    m_bridge.session().document().edit((file.isEmpty() ? tr("Take the cameras away") : tr("Open cameras")).toStdString(), [&](graph::Graph& graph) {
        graph.setParameter(m_node ? m_node : insert(graph), kCameras, m_camerasFile);
    });
}

graph::NodeId PathEdits::insert(graph::Graph& graph) const {
    graph::Node added;
    added.type = kNodeType;
    if (const graph::Node* viewed = graph.find(m_viewed)) {
        added.look.x = viewed->look.x;
        added.look.y = viewed->look.y + kBelow;
    }
    const graph::NodeId made = graph.add(std::move(added));
    if (const graph::Link from = source(); from.node) graph.connect(from, made, kScene);
    return made;
}

void PathEdits::change(const QString& title, const std::function<void(CameraPath&)>& edit, const QString& mergeKey) {
    CameraPath path = m_path;
    edit(path);
    if (path == m_path) return;
    const std::string text = dumpJson(cameraPathToJson(path));
    m_bridge.session().document().edit(
        title.toStdString(),
        [&](graph::Graph& graph) {
            const graph::NodeId node = m_node ? m_node : insert(graph);
            graph.setParameter(node, kKeys, text);
            if (!parameterOf(graph.at(node), kFile).empty()) graph.setParameter(node, kFile, std::string());
        },
        mergeKey.toStdString());
}

void PathEdits::endMerge() {
    m_bridge.session().document().endMerge();
}

} // namespace ochre::ui
