// SPDX-License-Identifier: GPL-3.0-or-later
// The row of tools that select in a picture, what becomes of the selection, and a note of who selects and how
// far it is.
#pragma once

#include "core/graph/Graph.h"
#include "ui/viewport/MaskTool.h"
#include "ui/viewport/MaskUses.h"
#include "ui/viewport/SceneActions.h"

class QActionGroup;
class QLabel;
class QMenu;

namespace ochre::ui {

class Bridge;
class MaskEdits;
class Popover;
class TrackEdits;

class MaskBar : public QWidget {
    Q_OBJECT
public:
    MaskBar(Bridge& bridge, ImageView& view, MaskEdits& edits, SceneActions& actions);

    MaskTool& tool() { return m_tool; }
    TrackEdits& trackEdits() { return *m_track; }
    QString note() const;
    void redo(const QString& prompt); ///< paints what is selected anew
    void redo(const graph::Link& picture, const std::vector<Repaint>& wanted);

Q_SIGNALS:
    void made(quint32 node, bool ready); ///< a node that takes the mask; ready: it can run as it is
    void failed(const QString& message, const QString& hint);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    enum class Needs { Tool, Mask, Track };
    QAction* add(const char* id, const QString& text, const QString& iconName,
                 const QList<QKeySequence>& keys, Needs needs, std::function<void()> run);
    void addModes();
    void addTracking();
    void saveMasks();
    void addUses();
    void makeBackgroundCard();
    void fillModels();
    void make(const QString& title,
              const std::function<graph::NodeId(graph::Graph&, const MaskPlace&)>& change, bool ready);
    void refresh();
    void showNote();

    Bridge& m_bridge;
    MaskEdits& m_edits;
    TrackEdits* m_track;
    SceneActions& m_actions;
    MaskTool m_tool;
    ActionRow* m_row;
    QActionGroup* m_modes;
    QMenu* m_models;
    Popover* m_background;
    QLabel* m_note;
    std::vector<std::pair<QAction*, Needs>> m_needs;
    QAction *m_trackMenu = nullptr, *m_trackStop = nullptr, *m_trackSave = nullptr;
};

} // namespace ochre::ui
