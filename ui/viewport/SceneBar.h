// SPDX-License-Identifier: GPL-3.0-or-later
// The commands that look at a scene: navigation, sides, projection, framing, and a card with the rest.
#pragma once

#include <array>
#include <functional>

#include "ui/viewport/SceneActions.h"

class QComboBox;

namespace ochre::ui {

class CheckField;
class ColorField;
class NumberField;
class Popover;
class PathField;
class SceneView;
struct SceneDisplay;

class SceneBar : public ActionRow {
    Q_OBJECT
public:
    SceneBar(SceneView& view, SceneActions& actions);

private:
    void addCommands();
    void addSides();
    void makeCard();
    void addBackground();
    void addLimits();
    void addBox();
    void display(const std::function<void(SceneDisplay&)>& change);
    void refresh(); ///< what the view says now

    SceneView& m_view;
    SceneActions& m_actions;
    Popover* m_card;
    NumberField *m_fov, *m_near, *m_far;
    CheckField *m_limited, *m_boxed, *m_grid, *m_axes;
    QComboBox *m_modes, *m_behind;
    ColorField *m_top, *m_bottom;
    PathField* m_sky;
    NumberField* m_skyTurn;
    QWidget* m_boxFields;
    std::array<NumberField*, 6> m_box; ///< least x, y, z, then most
};

} // namespace ochre::ui
