// SPDX-License-Identifier: GPL-3.0-or-later
// The viewer: shows the result of one node, a picture or a scene, with its tools.
#pragma once

#include <QWidget>

#include "core/graph/Executor.h"
#include "core/graph/Value.h"
#include "core/scene/SplatTransform.h"
#include "ui/bridge/Picture.h"

class QAction;
class QLabel;
class QStackedWidget;
class QToolButton;

namespace ochre::ui {

class Bridge;
enum class Comparing;
class DetectionPanel;
class EditBar;
class EmptyPanel;
class ImageView;
class LayerEdits;
class LayerPanel;
class LivePreview;
class MaskBar;
class MaskEdits;
class NumberField;
class SceneActions;
class SceneEdits;
class SceneView;
class Timeline;

class Viewport : public QWidget {
    Q_OBJECT
public:
    explicit Viewport(Bridge& bridge, QWidget* parent = nullptr);

    /// Shows what this node gave last, and what it will give; 0: the empty state. Remembered with the document.
    void setViewed(graph::NodeId node);
    graph::NodeId viewed() const { return m_node; }
    void followDocument(); ///< another document was opened, or nodes went away
    ImageView& imageView() { return *m_image; }
    SceneView& sceneView() { return *m_scene; }
    SceneEdits& sceneEdits() { return *m_edits; }
    const EditBar& editBar() const { return *m_editBar; }
    Timeline& timeline() { return *m_timeline; }
    LayerEdits& layerEdits() { return *m_layers; }
    LayerPanel& layerPanel() { return *m_layerPanel; }
    bool addClouds(const QStringList& files); ///< scene files beside the viewed scene; false where none is
    void setUsualView(const Json& memory) { m_usualView = memory; } ///< of scenes, in projects that have none yet
    Json usualView() const;
    const SceneActions& sceneActions() const { return *m_actions; } ///< what can be done to a scene
    MaskEdits& maskEdits() { return *m_masks; }
    MaskBar& maskBar() { return *m_maskBar; }
    DetectionPanel& detectionPanel() { return *m_found; }
    const SceneActions& pictureActions() const { return *m_pictureActions; } ///< what selects in a picture
    bool showsImage() const;
    bool showsScene() const;
    QString probeLine() const;

    void saveAs(), copyPicture();
    void editScene();              ///< with the "Edit splats" beside the viewed node, or a new one
    void selectInPicture(bool on); ///< with the "Select by points" of the viewed picture, or a new one
    void findSimilar(const QString& folder); ///< whose pictures look like the shown one, by a node behind it

Q_SIGNALS:
    void viewedChanged(quint32 node);
    void openRequested(); ///< the empty state's action
    void runRequested(quint32 node);
    void failed(const QString& message, const QString& hint);
    void maximiseRequested();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;

private:
    QWidget* makeTools();
    QWidget* makeStatus();
    QToolButton* addTool(QWidget* parent, const QString& iconName, const QString& tip);
    void connectViews();
    void connectEdits();
    // ViewportSelect.cpp
    void addSmartSelect();
    void connectMasks();
    graph::Link selectionSource() const; ///< of the picture that a selection in the shown one is of
    void showDetections();
    // ViewportCompare.cpp
    void addCompare();
    void compare(Comparing how);
    Image originalPicture() const; ///< what the shown one was made of; empty: of nothing, or it is not kept
    void refreshCompare();
    bool compareKey(const QKeyEvent& event); ///< whether it was for this

    void showValue(const graph::Link& source, const graph::Value& value);
    void showPreview(const graph::Value& value, const QString& text);
    void endPreview();                        ///< back to the last result
    bool showPresent();                       ///< what is known now; false: nothing
    std::vector<graph::Link> sources() const; ///< what the viewed node shows
    void showEmpty();
    // ViewportLayers.cpp
    void connectLayers();
    void editLayer(int layer); ///< −1: all of them again
    /// The clouds of the viewed scene, or the one that is edited among the others; `first`: its edits have just begun.
    void showLayers(bool first = false);
    void showProgress(quint32 node, const graph::NodeState& state); ///< while there is nothing else to show
    void keepView(), recallView(); ///< in the document, and from there
    void showEdited(); ///< what the steps of the viewed node have made of its scene
    void refreshTools();
    void setChannels(Channels channels);
    void setDisplay(double exposure, double gamma);
    QString nodeTitle() const;

    Bridge& m_bridge;
    graph::NodeId m_node = 0;
    graph::NodeId m_back = 0; ///< viewed before a node that a tool has made, for when that goes away
    graph::Link m_source;     ///< where m_value comes from
    graph::Value m_value;
    QStackedWidget* m_stack;
    EmptyPanel* m_empty;
    ImageView* m_image;
    SceneView* m_scene;
    SceneActions *m_actions, *m_pictureActions;
    SceneEdits* m_edits;
    EditBar* m_editBar;
    LayerEdits* m_layers;
    LayerPanel* m_layerPanel;
    Timeline* m_timeline;
    MaskEdits* m_masks;
    MaskBar* m_maskBar;
    DetectionPanel* m_found;
    LivePreview* m_live;
    QLabel *m_title, *m_size;
    QWidget *m_imageTools, *m_sceneTools, *m_editRow, *m_maskRow, *m_status;
    QLabel *m_probe, *m_zoom, *m_rendererLabel;
    QToolButton *m_compare, *m_edit, *m_save, *m_copy;
    QAction *m_smart, *m_wipe, *m_sides, *m_withOriginal;
    Image m_previous; ///< shown before the present one
    NumberField *m_exposure, *m_gamma;
    QList<QToolButton*> m_channelButtons;
    QString m_sceneNote;
    bool m_framed = false; ///< the scene that is edited
    Similarity m_frame;    ///< of what the view shows, in the scene
    Json m_usualView = nullptr;
};

} // namespace ochre::ui
