// SPDX-License-Identifier: GPL-3.0-or-later
// The row of tools that edit a scene: what selects, what becomes of the selection, what is done to it.
#pragma once

#include "ui/viewport/Gizmo.h"
#include "ui/viewport/MeasureTool.h"
#include "ui/viewport/SceneActions.h"
#include "ui/viewport/SelectTools.h"
#include "ui/viewport/SolidTool.h"

class QActionGroup;

namespace ochre::ui {

class EditBar : public ActionRow {
    Q_OBJECT
public:
    EditBar(SceneView& view, SceneEdits& edits, SceneActions& actions);
    ~EditBar() override;

    const Gizmo& gizmo() const { return m_gizmo; }
    const MeasureTool& measure() const { return m_measure; }
    const SolidTool& solid(bool box) const { return box ? m_box : m_sphere; }

private:
    enum class Needs { Scene, Selection, Hidden, Locked };
    QAction* add(const char* id, const QString& text, const QString& iconName,
                 const QList<QKeySequence>& keys, Needs needs, std::function<void()> run);
    void addTool(const char* id, const QString& text, const QString& iconName, Qt::Key key, SceneTool* tool);
    void addCard(const char* id, const QString& text, const QString& iconName, Needs needs,
                 class Popover* card);
    void addTools();
    void addSolids();
    void addSelection();
    void addChanges();
    void selectNone();
    void refresh();

    SceneView& m_view;
    SceneEdits& m_edits;
    SceneActions& m_actions;
    RegionTool m_rectangle, m_lasso, m_brush;
    SolidTool m_sphere, m_box;
    ColorTool m_color;
    SelectionTarget m_selection;
    Gizmo m_gizmo;
    MeasureTool m_measure;
    QActionGroup* m_tools;
    std::vector<std::pair<QAction*, Needs>> m_needs;
};

} // namespace ochre::ui
