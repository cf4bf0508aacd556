// SPDX-License-Identifier: GPL-3.0-or-later
// The camera path of the scene that is viewed, as the keys of a "Camera path" node: what the timeline does is written there, and
// what is written there is shown. So undo is the document's.
#pragma once

#include <functional>

#include <QObject>

#include "core/graph/Graph.h"
#include "core/scene/cameras/CameraSet.h"

namespace ochre::ui {

class Bridge;

class PathEdits : public QObject {
    Q_OBJECT
public:
    explicit PathEdits(Bridge& bridge, QObject* parent = nullptr);

    /// The viewed node. Its path is that of a node that takes the same scene, else the first of the project.
    void follow(graph::NodeId viewed);
    const CameraPath& path() const { return m_path; } ///< without keys where there is none
    graph::NodeId node() const { return m_node; }     ///< 0: none yet
    /// One step of undo; makes the node where there is none. Steps of one `mergeKey` within a second become one.
    void change(const QString& title, const std::function<void(CameraPath&)>& edit, const QString& mergeKey = {});
    void endMerge();
    const CameraSet& cameras() const { return m_cameras; } ///< of photos of the scene; none where there are none
    /// Kept with the project as the name of their file; without a name none are shown.
    void setCameras(CameraSet set, const QString& file);

    static constexpr const char* kNodeType = "scene.camera_path";

Q_SIGNALS:
    void changed();
    void camerasChanged();
    void failed(const QString& message, const QString& hint);

private:
    void refresh();
    void refreshCameras(const std::string& file);
    graph::NodeId find() const;
    graph::Link source() const; ///< the scene that is seen; node 0: none
    graph::NodeId insert(graph::Graph& graph) const;

    Bridge& m_bridge;
    graph::NodeId m_viewed = 0, m_node = 0;
    std::string m_text; ///< of the node: keys and file
    CameraPath m_path;
    std::string m_camerasFile;
    CameraSet m_cameras;
};

} // namespace ochre::ui
