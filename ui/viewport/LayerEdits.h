// SPDX-License-Identifier: GPL-3.0-or-later
// The clouds of the scene that is viewed, as the layers of a "Combine scenes" node: what the list does is written there, and what is
// written there is shown. So undo is the document's, and the same scene is drawn without a window.
#pragma once

#include <filesystem>
#include <functional>

#include <QObject>
#include <QString>

#include "core/graph/Graph.h"
#include "core/graph/Value.h"
#include "core/render/Renderer.h"

namespace ochre::ui {

class Bridge;

class LayerEdits : public QObject {
    Q_OBJECT
public:
    struct Layer {
        LayerSettings settings;
        graph::Link source; ///< what is linked
        SplatScene scene;   ///< that it gave; empty: nothing yet
        int percent = -1;   ///< of what is being made; −1: nothing is
        QString name() const;
    };

    explicit LayerEdits(Bridge& bridge, QObject* parent = nullptr);

    void follow(graph::NodeId viewed);
    /// Of a scene that nothing combines yet: itself alone.
    const std::vector<Layer>& layers() const { return m_layers; }
    bool viewsScene() const { return source().node != 0; } ///< whether others can be added to what is viewed
    graph::NodeId node() const { return m_node; } ///< that combines them; 0: none yet
    int current() const { return m_current; }     ///< −1: none
    void setCurrent(int layer);
    bool editing() const { return m_editing; } ///< the splats of the current one are edited, with the others around it
    Similarity frame() const; ///< where the viewed node's own frame stands in the scene

    std::vector<SceneItem> items() const; ///< all layers, in the scene
    /// While one is edited: what becomes of it, and the others, in its frame.
    std::vector<SceneItem> itemsAround(std::vector<SceneItem> edited) const;

    /// One step of undo; makes the node where there is none. Steps of one `mergeKey` within a second become one.
    void change(const QString& title, const std::function<void(std::vector<LayerSettings>&)>& edit, const QString& mergeKey = {});
    void endMerge();
    /// Shows the current layer there for now, without a step; nothing: as it is written.
    void hold(const std::optional<Similarity>& place);
    void remove(int layer); ///< and what only it needed
    /// Files as further layers. Throws Error where there is no room for them.
    void add(const std::vector<std::filesystem::path>& files);
    graph::NodeId edit(int layer); ///< the "Edit splats" of a layer, made where there is none
    graph::NodeId whole() const;   ///< what to view to see all of them

    static constexpr const char* kNodeType = "scene.combine";
    static constexpr std::size_t kMost = 8; ///< layers of a node

Q_SIGNALS:
    void changed();               ///< layers, or what they hold
    void currentChanged();
    void viewWanted(quint32 node); ///< where the layers are from now on
    void failed(const QString& message, const QString& hint);

private:
    void refresh();
    graph::Link source() const; ///< the scene that is seen; node 0: none
    void find();                ///< the node that combines, and whether one of its layers is edited
    SplatScene resultOf(graph::Link link) const;
    int percentOf(const graph::Link& link) const;
    std::vector<LayerSettings> settings() const;
    graph::NodeId insert(graph::Graph& graph) const;

    Bridge& m_bridge;
    graph::NodeId m_viewed = 0, m_node = 0;
    std::vector<Layer> m_layers;
    std::string m_wrong; ///< a text that could not be read, told once
    int m_current = -1;
    bool m_editing = false;
    std::optional<Similarity> m_held;
};

/// Whether a socket of that type gives or takes scenes.
bool isScene(const graph::TypeName& type);

} // namespace ochre::ui
