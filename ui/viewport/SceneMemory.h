// SPDX-License-Identifier: GPL-3.0-or-later
// How a scene is looked at, as it is kept with a project and for the next one.
#pragma once

#include "core/base/Json.h"

namespace ochre::ui {

class SceneView;

/// What is behind the scene, grid, axes, mode, box, speed and the like; `pose`: the camera's place and direction as well.
Json memoryOf(const SceneView& view, bool pose);
/// What makes no sense costs only itself.
void recall(const Json& memory, SceneView& view);

} // namespace ochre::ui
