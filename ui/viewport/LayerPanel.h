// SPDX-License-Identifier: GPL-3.0-or-later
// The clouds of the viewed scene beside it: which there are, which are shown, and where the chosen one stands.
#pragma once

#include <array>

#include <QWidget>

#include "ui/viewport/Gizmo.h"
#include "ui/viewport/LayerEdits.h"

class QLabel;
class QToolButton;

namespace ochre::ui {

class LayerList;
class NumberField;
class SceneActions;
class SceneView;

class LayerPanel : public QWidget, public GizmoTarget {
    Q_OBJECT
public:
    LayerPanel(SceneView& view, LayerEdits& edits, SceneActions& actions);

    LayerList& list() { return *m_list; }
    const Gizmo& gizmo() const { return m_gizmo; }
    void setSceneShown(bool shown); ///< whether the viewer shows a scene

    // Of the handles, which move all of the chosen cloud.
    std::optional<Vec3> middle() const override;
    void change(const GizmoChange& change) override;
    void revert() override;

Q_SIGNALS:
    void addWanted();
    void editWanted(int layer); ///< −1: all of them again

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QWidget* makeTools();
    QWidget* makeFields();
    NumberField* addField(const char* id, const char* group, const struct NumberRange& range, const QString& title,
                          std::function<double&(LayerSettings&)> value);
    void connectList();
    void refresh();
    void setHandles(bool on);

    SceneView& m_view;
    LayerEdits& m_edits;
    SceneActions& m_actions;
    Gizmo m_gizmo;
    LayerList* m_list;
    QLabel* m_count;
    QWidget* m_fields;
    QToolButton *m_handles, *m_edit, *m_remove;
    struct Field {
        NumberField* field;
        std::function<double&(LayerSettings&)> value;
    };
    std::vector<Field> m_all;
    bool m_wanted = false, m_sceneShown = false;
};

} // namespace ochre::ui
