// SPDX-License-Identifier: GPL-3.0-or-later
// The commands that look at a scene: navigation, sides, projection, framing, and a card with the rest.
#pragma once

#include "ui/viewport/SceneActions.h"

class QComboBox;

namespace ochre::ui {

class CheckField;
class ColorField;
class NumberField;
class Popover;
class SceneView;

class SceneBar : public ActionRow {
    Q_OBJECT
public:
    SceneBar(SceneView& view, SceneActions& actions);

private:
    void addCommands();
    void addSides();
    void makeCard();
    void addLimits();
    void refresh(); ///< what the view says now

    SceneView& m_view;
    SceneActions& m_actions;
    Popover* m_card;
    NumberField *m_fov, *m_near, *m_far;
    CheckField *m_limited, *m_grid, *m_axes;
    ColorField* m_background;
    QComboBox* m_modes;
};

} // namespace ochre::ui
