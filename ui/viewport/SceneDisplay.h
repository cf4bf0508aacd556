// SPDX-License-Identifier: GPL-3.0-or-later
// How a scene is shown, but for the camera.
#pragma once

#include <memory>
#include <optional>

#include <QColor>
#include <QString>

#include "core/render/Backdrop.h"

namespace ochre::ui {

struct SceneDisplay {
    enum class Behind { Theme, Color, Gradient, Sky };
    SplatMode mode = SplatMode::Color;
    bool normals = false; ///< instead of the mode
    Behind behind = Behind::Theme;
    QColor top{0, 0, 0}, bottom{128, 128, 128}; ///< of the upper and the lower edge
    QString skyFile;
    double skyTurn = 0;                     ///< degrees
    std::shared_ptr<const Sky> sky = {};    ///< of the file, once it has been read
    bool grid = false, axes = true;
    std::optional<Bounds> box = {}; ///< what lies outside is not drawn
};
/// As what is behind the scene is drawn: the theme's colour as long as there is no other.
Backdrop backdropOf(const SceneDisplay& display);

} // namespace ochre::ui
